"""Refused decisions over HTTP, and through the client."""

from __future__ import annotations

import pytest

from makegood import Client
from tests.api.conftest import House, order
from workflow.access.keys import Role


@pytest.mark.parametrize("role", [one for one in Role if one not in (Role.DESK, Role.AGENT)])
def test_whoever_oversees_lists_them(house: House, role: Role) -> None:
    subject = f"listed-{role}"
    house.post(order("ship", subject, subject))
    house.apply()
    page = house.get(
        "/v1/refusals", role, lifecycle="order", trigger="ship", source="/tests", limit=1000
    ).json()
    (found,) = (one for one in page["items"] if one["event_id"] == subject)
    assert found == {
        "subject": f"order:{subject}",
        "seq": 1,
        "state": "initial",
        "trigger": "ship",
        "rule": "impossible-now",
        "reason": "impossible-now: 'ship' is not possible in the state 'initial'; possible now: place",
        "source": "/tests",
        "event_id": subject,
        "sender": None,
        "timer": None,
        "at": "2026-07-01T12:00:00Z",
    }


def test_nobody_without_a_key_lists_them(house: House) -> None:
    assert house.http.get("/v1/refusals").status_code == 401


def test_the_client_lists_them_page_by_page(house: House) -> None:
    house.post([order("ship", f"client-{n}", f"client-{n}") for n in range(3)])
    house.apply()
    with Client(str(house.http.base_url), house.keys[Role.SYSTEM], proxies=False) as client:
        found = [one["event_id"] for one in client.refusals(trigger="ship", since="2026-07-01")]
        assert [one for one in found if one.startswith("client-")] == ["client-0", "client-1", "client-2"]
        assert list(client.refusals(since="2026-07-02T00:00:00Z")) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "query.limit"),
        ("cursor=nonsense", "query.cursor"),
        ("since=yesterday", "query.since"),
        ("trigger=Ship%21", "query.trigger"),
        ("source=", "query.source"),
        ("source=a%00b", "query.source"),
        ("triger=ship", "query.triger"),
    ],
)
def test_a_wrong_query_is_refused(house: House, query: str, field: str) -> None:
    response = house.http.get(f"/v1/refusals?{query}", headers=house.bearer())
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["field"].startswith(field)
