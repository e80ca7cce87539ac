"""Subscriptions over HTTP: made, read, changed, tried, taken away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.forwarding.forwarder import Forwarder
from tests.api.conftest import House, open_house, order
from tests.subscriptions.conftest import LOOPBACK
from tests.subscriptions.receiving import Receiver, Reply
from workflow.access.keys import Role

URL = "https://hooks.example/makegood"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door that may send to this machine."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('door') / 'makegood.db'}"
        with open_house(url, subscription_networks=LOOPBACK) as opened:
            yield opened
        return
    server = request.getfixturevalue("postgres_server")
    name = server.create_database()
    with open_house(server.url(name), subscription_networks=LOOPBACK) as opened:
        yield opened
    server.drop_database(name)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who subscribes."""
    with Receiver() as opened:
        yield opened


def _ask(house: House, method: str, path: str, body: object = None, role: Role = Role.OPERATOR) -> Any:
    return house.http.request(method, f"/v1/subscriptions{path}", json=body, headers=house.bearer(role))


def _made(house: House, **wish: object) -> dict[str, Any]:
    answer = _ask(house, "POST", "", {"url": URL, **wish})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _turns(house: House) -> None:
    forwarder = Forwarder(house.runtime.store, house.runtime.clock, house.runtime.settings)
    while asyncio.run(forwarder.run_once()):
        pass


def test_a_subscription_is_made_and_its_secret_shown_once(house: House) -> None:
    answer = _ask(
        house,
        "POST",
        "",
        {"url": URL, "lifecycles": ["order"], "states": ["shipped"], "condition": "change.data.seq > 1"},
    )
    made = answer.json()
    subscription = made["subscription"]
    assert answer.headers["location"] == f"/v1/subscriptions/{subscription['id']}"
    assert made["secret"].startswith("whsec_")
    assert subscription | {"id": "", "created_at": "", "changed_at": ""} == {
        "id": "",
        "url": URL,
        "description": "",
        "lifecycles": ["order"],
        "triggers": [],
        "states": ["shipped"],
        "teams": [],
        "outcomes": [],
        "subject": None,
        "condition": "change.data.seq > 1",
        "status": "active",
        "reason": None,
        "failing_since": None,
        "held": 0,
        "delivered_at": None,
        "created_at": "",
        "created_by": "operator:the tests' operator",
        "changed_at": "",
    }
    found = _ask(house, "GET", f"/{subscription['id']}")
    assert found.json() == subscription
    assert made["secret"] not in _ask(house, "GET", "").text


@pytest.mark.parametrize(
    ("wish", "field", "rule"),
    [
        ({"url": "http://10.0.0.1/"}, "url", "address"),
        ({"url": "nonsense"}, "body.url", "string_pattern_mismatch"),
        ({"url": "https://user@hooks.example/"}, "url", "url"),
        ({"condition": "change."}, "condition", "not-cel"),
        ({"condition": "1"}, "condition", "not-boolean"),
        ({"after": "nonsense"}, "after", "cursor"),
        ({"lifecycles": ["No Such"]}, "body.lifecycles.0", "string_pattern_mismatch"),
        ({"lifecicle": ["order"]}, "body.lifecicle", "extra_forbidden"),
    ],
)
def test_a_wrong_wish_is_refused(house: House, wish: dict[str, object], field: str, rule: str) -> None:
    answer = _ask(house, "POST", "", {"url": URL, **wish})
    assert answer.status_code == 422, answer.text
    assert [(one["field"], one["rule"]) for one in answer.json()["errors"]] == [(field, rule)]


def test_what_a_resource_knows_is_said_of_all_its_methods(house: House) -> None:
    answer = _ask(house, "PUT", "/sub_1", {})
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PATCH")
    assert _ask(house, "DELETE", "").headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_a_subscription_is_listed_changed_and_taken_away(house: House) -> None:
    ids = [_made(house, description=f"number {n}")["subscription"]["id"] for n in range(3)]
    found, cursor = [], None
    while True:
        page = house.http.get(
            "/v1/subscriptions",
            params={"limit": 2} | ({"cursor": cursor} if cursor else {}),
            headers=house.bearer(Role.OPERATOR),
        ).json()
        found += [one["id"] for one in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert sorted(one for one in found if one in ids) == sorted(ids)
    changed = _ask(
        house,
        "PATCH",
        f"/{ids[0]}",
        {"choice": {"teams": ["north"]}, "status": "paused", "condition": "change.data.seq == 1"},
    ).json()
    assert (changed["teams"], changed["status"], changed["url"]) == (["north"], "paused", URL)
    again = _ask(house, "PATCH", f"/{ids[0]}", {"condition": "", "status": "active"}).json()
    assert (again["condition"], again["status"], again["teams"]) == (None, "active", ["north"])
    assert _ask(house, "PATCH", f"/{ids[0]}", {"url": "http://10.0.0.1"}).status_code == 422
    assert _ask(house, "DELETE", f"/{ids[0]}").status_code == 204
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/attempts", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/redeliver", {"change": "order:a/1"}),
        ("POST", "/secret", {}),
    ):
        assert _ask(house, method, f"/{ids[0]}{path}", body).status_code == 404, (method, path)


def test_what_was_sent_is_told_and_can_be_sent_once_more(house: House, receiver: Receiver) -> None:
    made = _made(house, url=receiver.url, lifecycles=["order"], subject="order:sent")
    identity, receiver.secret = made["subscription"]["id"], made["secret"]
    receiver.behaviour = lambda _, times: Reply(500, body=b"no\x00t now") if not times else Reply()
    house.post(order("place", "sent", "sent-1", amount=5))
    house.apply()
    _turns(house)
    (tried,) = _ask(house, "GET", f"/{identity}/attempts").json()["items"]
    assert (tried["change"], tried["status"], tried["answer"], tried["number"]) == (
        "order:sent/1",
        500,
        "no\ufffdt now",
        1,
    )
    assert _ask(house, "GET", f"/{identity}").json()["held"] == 1
    _ask(house, "PATCH", f"/{identity}", {"status": "active"})  # which tries again at once
    _turns(house)
    assert receiver.ids() == ["order:sent/1"]
    assert len(_ask(house, "GET", f"/{identity}/attempts?failed=true").json()["items"]) == 1
    again = _ask(house, "POST", f"/{identity}/redeliver", {"change": "order:sent/1"})
    assert (again.status_code, again.json()) == (202, {"queued": True})
    since = _ask(house, "POST", f"/{identity}/redeliver", {"since": "2026-07-01T00:00:00Z"})
    assert (since.status_code, since.json()) == (202, {"queued": True})
    _turns(house)
    assert len(receiver.received) >= 3
    assert {one.id for one in receiver.received} == {"order:sent/1"}
    wrong = _ask(house, "POST", f"/{identity}/redeliver", {})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body")


def test_a_new_secret_counts_beside_the_old_one(house: House, receiver: Receiver) -> None:
    made = _made(house, url=receiver.url, subject="order:secret")
    identity = made["subscription"]["id"]
    answer = _ask(house, "POST", f"/{identity}/secret", {"overlap": "PT1H"})
    assert answer.json()["secret"] != made["secret"]
    house.post(order("place", "secret", "secret-1", amount=5))
    house.apply()
    receiver.secret = made["secret"]
    _turns(house)
    assert (receiver.ids(), receiver.unverified) == (["order:secret/1"], [])
    for overlap, rule in (("P31D", "distance"), ("-P1D", "duration"), ("P1M", "duration")):
        wrong = _ask(house, "POST", f"/{identity}/secret", {"overlap": overlap})
        assert (wrong.status_code, wrong.json()["errors"][0]["rule"]) == (422, rule)


def test_it_begins_where_it_is_told_to(house: House, receiver: Receiver) -> None:
    cursor = house.get("/v1/changes", after="now").json()["next"]
    house.post(order("place", "earlier", "earlier-1", amount=5))
    house.apply()
    made = _made(house, url=receiver.url, subject="order:earlier", after=cursor)
    receiver.secret = made["secret"]
    _turns(house)
    assert receiver.ids() == ["order:earlier/1"]
