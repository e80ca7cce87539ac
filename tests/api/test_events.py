"""What happens to events that are accepted."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.api.conftest import House, order
from workflow.console.site import create_site

EVENT = {"ce-specversion": "1.0", "ce-source": "/tests", "ce-type": "order.place"}


def test_is_committed_when_it_is_answered(house: House) -> None:
    response = house.post(order("place", "kept", "kept-1", amount=5))
    assert response.status_code == 202
    assert response.json() == {
        "accepted": 1,
        "duplicates": 0,
        "items": [
            {
                "source": "/tests",
                "id": "kept-1",
                "subject": "order:kept",
                "status": "accepted",
                "outcome": "pending",
                "reason": None,
            }
        ],
    }
    timeline = house.get("/v1/subjects/order:kept").json()["timeline"]
    assert [(entry["outcome"], entry["seq"], entry["event"]["id"]) for entry in timeline] == [
        ("pending", None, "kept-1")
    ]


def test_a_duplicate_gets_the_first_outcome(house: House) -> None:
    event = order("place", "twice", "twice-1", amount=5)
    assert house.post(event).json()["items"][0]["status"] == "accepted"
    before = house.counts()
    assert _item(house, event) == ("duplicate", "pending", None)
    house.apply()
    assert _item(house, event) == ("duplicate", "moved", None)
    assert house.counts()["events"] == before["events"]


def test_a_duplicate_of_a_refused_event_gets_the_reason(house: House) -> None:
    event = order("ship", "never-placed", "never-1")
    house.post(event)
    house.apply()
    status, outcome, reason = _item(house, event)
    assert (status, outcome) == ("duplicate", "refused")
    assert reason


def test_new_and_known_events_may_come_together(house: House) -> None:
    known, new = order("place", "mixed", "mixed-1", amount=5), order("ship", "mixed", "mixed-2")
    house.post(known)
    answer = house.post([known, new]).json()
    assert (answer["accepted"], answer["duplicates"]) == (1, 1)
    assert [item["status"] for item in answer["items"]] == ["duplicate", "accepted"]


def test_an_event_that_cannot_apply_now_is_kept_as_refused(house: House) -> None:
    house.post([order("place", "shut", "shut-1", amount=5), order("ship", "shut", "shut-2")])
    house.post(order("cancel", "shut", "shut-3", reason="too late"))
    house.apply()
    subject = house.get("/v1/subjects/order:shut").json()
    last = subject["timeline"][-1]
    assert (subject["state"], last["outcome"], last["event"]["data"]) == (
        "shipped",
        "refused",
        {"reason": "too late"},
    )
    assert "cancel" in last["reason"]


def test_events_of_a_batch_are_applied_in_order(house: House) -> None:
    house.post(
        [
            order("place", "row", "row-1", amount=1),
            order("cancel", "row", "row-2", reason="no"),
            order("ship", "row", "row-3"),
        ]
    )
    house.apply()
    timeline = house.get("/v1/subjects/order:row").json()["timeline"]
    assert [(entry["trigger"], entry["outcome"]) for entry in timeline] == [
        ("place", "moved"),
        ("cancel", "moved"),
        ("ship", "refused"),
    ]


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/vnd.a+json"]
)
def test_binary_mode_takes_attributes_from_headers(house: House, content_type: str) -> None:
    subject = f"order:binary-{len(content_type)}"
    headers = (
        house.bearer() | EVENT | {"Content-Type": content_type, "ce-id": content_type, "ce-subject": subject}
    )
    response = house.http.post("/v1/events", content=b'{"amount": 7}', headers=headers)
    assert response.status_code == 202, response.text
    house.apply()
    assert house.get(f"/v1/subjects/{subject}").json()["data"] == {"amount": 7}


@pytest.mark.parametrize(
    ("header", "identity"),
    [
        ("caf%C3%A9%20%25", "café %"),
        ('"quoted \\" and %22"', 'quoted " and "'),
        ("%2541", "%41"),
        ("a+b", "a+b"),
    ],
)
def test_headers_are_decoded_once(house: House, header: str, identity: str) -> None:
    headers = house.bearer() | EVENT | {"ce-id": header, "ce-subject": "order:decoded"}
    response = house.http.post(
        "/v1/events", content=b'{"amount": 7}', headers=headers | {"Content-Type": "application/json"}
    )
    assert response.json()["items"][0]["id"] == identity


def test_binary_mode_without_data(house: House) -> None:
    headers = house.bearer() | EVENT | {"ce-id": "bare", "ce-subject": "order:bare", "ce-type": "order.ship"}
    assert house.http.post("/v1/events", headers=headers).status_code == 202


def test_what_no_declaration_mentions_is_kept(house: House) -> None:
    more = {
        "amount": 5,
        "größe": "¾ ☕",
        "big": 2**64 - 1,
        "small": -(2**63),
        "list": [{"a": None}, 1.5, True],
    }
    more |= {"float": 1e22, "tiny": 5e-324, "precise": 0.1 + 0.2}
    assert house.post(order("place", "more", "more-1", **more)).status_code == 202
    house.apply()
    event = house.get("/v1/subjects/order:more").json()["timeline"][0]["event"]
    assert event["data"] == more


BYTES = b64encode(b'{"amount": 5, "more": "\xc3\xbc"}').decode()


@pytest.mark.parametrize("content", ["application/json", "application/vnd.a+json", None])
@pytest.mark.parametrize("batched", [True, False])
def test_data_may_be_the_bytes_of_json(house: House, content: str | None, batched: bool) -> None:
    """As the SDKs of CloudEvents send data that they were given as bytes."""
    name = f"bytes-{batched}-{content}".replace("/", "-")
    event = order("place", name, name) | {"datacontenttype": content, "data_base64": BYTES, "data": None}
    answer = house.post([event] if batched else event)
    assert answer.status_code == 202, answer.text
    (entry,) = house.get(f"/v1/subjects/order:{name}").json()["timeline"]
    assert entry["event"]["data"] == {"amount": 5, "more": "ü"}


@pytest.mark.parametrize("body", [b"[]", b" [ ] ", b"[" + b" " * 40_000 + b"]"])
def test_an_empty_batch_is_a_batch(house: House, body: bytes) -> None:
    before = house.counts()
    headers = house.bearer() | {"Content-Type": "application/cloudevents-batch+json"}
    answer = house.http.post("/v1/events", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 0, "duplicates": 0, "items": []})
    assert house.counts() == before


def test_the_largest_permitted_batch_and_event(house: House) -> None:
    batch = [order("place", f"many-{n % 50}", f"many-{n}", amount=5) for n in range(1000)]
    assert house.post(batch).json()["accepted"] == 1000
    event = order("place", "large", "large-1", amount=5, more="")
    room = 64 * 1024 - len(json.dumps(event, separators=(",", ":")))
    event["data"] = {"amount": 5, "more": "x" * room}
    body = json.dumps(event, separators=(",", ":")).encode()
    assert len(body) == 64 * 1024
    headers = house.bearer() | {"Content-Type": "application/cloudevents+json"}
    assert house.http.post("/v1/events", content=body, headers=headers).status_code == 202


def _item(house: House, event: dict[str, Any]) -> tuple[str, str, str | None]:
    item = house.post(event).json()["items"][0]
    return item["status"], item["outcome"], item["reason"]


def test_below_a_path_of_somebody_elses_it_is_the_same(house: House) -> None:
    """There requests come by way of the framework."""
    inner = create_site(house.runtime)
    outer = Starlette(routes=[Mount("/below", inner)])
    headers = house.bearer() | {"Content-Type": "application/cloudevents+json"}

    async def post(event: dict[str, object]) -> httpx.Response:
        transport = httpx.ASGITransport(outer)
        async with httpx.AsyncClient(transport=transport, base_url="http://outer") as http:
            return await http.post("/below/v1/events", json=event, headers=headers)

    try:
        accepted = asyncio.run(post(order("place", "below", "below-1", amount=5)))
        assert (accepted.status_code, accepted.json()["accepted"]) == (202, 1)
        refused = asyncio.run(post(order("place", "below", "below-2", amount=0)))
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "data.amount")
    finally:
        inner.state.context.close()


def test_an_attribute_that_is_there_twice_is_refused(house: House) -> None:
    """Whichever of the two counted, the sender might have meant the other."""
    before = house.counts()
    headers = [*EVENT.items(), ("ce-subject", "order:doubled"), ("ce-id", "one"), ("ce-id", "two")]
    headers += [*house.bearer().items(), ("Content-Type", "application/json")]
    response = house.http.post("/v1/events", content=b'{"amount": 5}', headers=headers)
    assert response.status_code == 422
    assert [(one["field"], one["rule"]) for one in response.json()["errors"]] == [("ce-id", "doubled-header")]
    assert house.counts() == before
