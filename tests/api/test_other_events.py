"""Another event under the `source` and `id` of an earlier one is an error, and never a duplicate."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import House, order
from tests.api.holding import together


def _first(house: House, name: str, **attributes: Any) -> dict[str, Any]:
    """An event that was accepted."""
    event = order("place", name, name, amount=5, more={"a": [1, True, None], "b": "x"}) | attributes
    assert house.post(event).json()["items"][0]["status"] == "accepted"
    return event


def _errors(answer: Any) -> list[tuple[str, str]]:
    return [(one["field"], one["rule"]) for one in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("subject", {"subject": "order:someone-else"}),
        ("type", {"type": "order.ship"}),
        ("data", {"data": {"amount": 6, "more": {"a": [1, True, None], "b": "x"}}}),
        ("data", {"data": {"amount": 5, "more": {"a": [True, True, None], "b": "x"}}}),
        ("data", {"data": {"amount": 5, "more": {"a": [1, True, None], "b": "x", "c": None}}}),
        ("data", {"data": {"amount": 5}}),
        ("parent", {"parent": "order:parent"}),
    ],
)
def test_a_used_id_with_another_content_is_refused_and_names_the_first(
    house: House, what: str, other: dict[str, Any]
) -> None:
    """A shop that takes the order's number for an id would lose all that it says after the first event."""
    name = f"used-{uuid4()}"
    first = _first(house, name)
    before = house.counts()
    answer = house.post(first | other)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert _errors(answer) == [("id", "other-content")]
    message = answer.json()["errors"][0]["message"]
    assert name in message and "order.place" in message and f"order:{name}" in message
    assert f"differs in {what};" in message
    assert house.counts() == before
    assert house.post(first).json()["items"][0]["status"] == "duplicate"


def test_the_same_content_in_another_form_is_a_duplicate(house: House) -> None:
    first = _first(house, "same-form")
    turned = dict(reversed(first.items())) | {
        "data": {"more": {"b": "x", "a": [1.0, True, None]}, "amount": 5.0}
    }
    turned |= {"time": "2026-07-01T13:59:00.000+02:00", "datacontenttype": "application/json"}
    assert house.post(turned).json()["items"][0]["status"] == "duplicate"
    binary = house.bearer() | {
        f"ce-{name}": first[name] for name in ("specversion", "id", "source", "type", "time")
    }
    binary |= {"ce-subject": first["subject"], "Content-Type": "application/json"}
    answer = house.http.post(
        "/v1/events", content=b'{"amount":5,"more":{"a":[1,true,null],"b":"x"}}', headers=binary
    )
    assert answer.json()["items"][0]["status"] == "duplicate", answer.text


def test_an_event_that_is_built_anew_is_the_same(house: House) -> None:
    """The SDKs of CloudEvents write the present time into each event that they build."""
    first = _first(house, "anew")
    anew = first | {"time": "2026-07-01T11:59:01Z"}
    assert house.post(anew).json()["items"][0]["status"] == "duplicate"


def test_an_event_without_a_time_is_the_same_whenever_it_is_sent_again(house: House) -> None:
    event = order("place", "timeless", "timeless", amount=5)
    del event["time"]
    assert house.post(event).json()["items"][0]["status"] == "accepted"
    assert house.post(event).json()["items"][0]["status"] == "duplicate"
    timed = event | {"time": "2026-06-01T00:00:00Z"}
    assert house.post(timed).json()["items"][0]["status"] == "duplicate"
    assert (
        house.get("/v1/subjects/order:timeless").json()["timeline"][0]["event"]["time"]
        == "2026-07-01T12:00:00Z"
    )
    assert house.post(event | {"data": {"amount": 6}}).status_code == 409


@pytest.mark.parametrize("amount", [1e300, 0.1, 5e-324, 9_007_199_254_740_993, -(2**63), 2**63 - 1])
def test_numbers_are_the_same_when_they_come_back_from_the_database(house: House, amount: float) -> None:
    event = order("place", "numbers", f"number-{amount}", amount=5, more=amount)
    assert [house.post(event).json()["items"][0]["status"] for _ in range(2)] == ["accepted", "duplicate"]
    found = house.get("/v1/subjects/order:numbers").json()["timeline"][-1]["event"]["data"]["more"]
    assert found == amount or float(found) == amount  # a database may write an exponent out


def test_a_batch_with_a_used_id_is_refused_whole_and_names_the_place(house: House) -> None:
    first = _first(house, "in-batch")
    before = house.counts()
    fresh = [order("place", f"in-batch-{n}", f"in-batch-{n}", amount=5) for n in range(2)]
    answer = house.post(
        [fresh[0], first | {"type": "order.ship", "data": {}}, fresh[1], first | {"data": {}}]
    )
    assert (answer.status_code, _errors(answer)) == (
        422,
        [("[3].id", "doubled-id"), ("[3].data.amount", "required")],
    )
    answer = house.post([fresh[0], first | {"type": "order.ship", "data": {}}, fresh[1]])
    assert (answer.status_code, _errors(answer)) == (409, [("[1].id", "other-content")])
    assert house.counts() == before
    assert house.post([first | {"type": "order.ship", "data": {}}]).json()["errors"][0]["field"] == "[0].id"
    assert house.post([*fresh, first]).json()["accepted"] == 2


def test_of_several_at_once_the_others_are_neither_harmed_nor_mistaken(house: House) -> None:
    first = _first(house, "crowd")
    good = [order("place", f"crowd-{n}", f"crowd-{n}", amount=5) for n in range(4)]
    spoilt = [order("place", "crowd-x", "crowd-x", amount=5), first | {"data": {"amount": 7}}]
    with together(house) as posts:
        posts.post(good[0])
        posts.wait_inside(1)
        posts.post(first | {"subject": "order:crowd-y"})
        posts.wait_inside(2)
        posts.post(spoilt)
        posts.wait_inside(4)
        posts.post(order("place", "crowd-x", "crowd-x", amount=9))  # what `spoilt` says of it does not count
        posts.wait_inside(5)
        posts.post(good[1])
        posts.wait_inside(6)
        posts.post(good[1] | {"data": {"amount": 8}})
        posts.wait_inside(7)
    assert posts.statuses() == [202, 409, 409, 202, 202, 409]
    assert house.get("/v1/subjects/order:crowd-y").status_code == 404
    kept = house.get("/v1/subjects/order:crowd-x").json()["timeline"]
    assert [entry["event"]["data"] for entry in kept] == [{"amount": 9}]


def test_the_right_event_after_a_refused_one_is_accepted_in_its_batch(house: House) -> None:
    """The first event for a new subject is refused, so that it opens nothing; the second one does."""
    first = _first(house, "opener")
    other = first | {"subject": "order:opened-late"}
    assert house.post(other).status_code == 409
    assert house.get("/v1/subjects/order:opened-late").status_code == 404
    own = order("place", "opened-late", "opened-late", amount=3)
    assert house.post([first, own]).json()["accepted"] == 1


def test_what_is_refused_settles_nothing(house: House) -> None:
    """Somebody outside who guesses an effect's key cannot say that it is done."""
    house.post([order("place", "owed", "owed-1", amount=5), order("ship", "owed", "owed-2")])
    house.apply()
    used = _first(house, "settler")
    refused = house.post(used | {"effect": "order:owed/2/0"})
    assert (refused.status_code, refused.json()["errors"][0]["rule"]) == (403, "not-its-receipt")
    (effect,) = [
        one
        for one in house.get("/v1/effects", state="pending").json()["items"]
        if one["key"] == "order:owed/2/0"
    ]
    assert effect["state"] == "pending"
