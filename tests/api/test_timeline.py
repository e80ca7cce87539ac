"""The timeline of a subject: its end in the subject's answer, and all of it by pages."""

from __future__ import annotations

from typing import Any

import pytest

from makegood import Client
from tests.api.conftest import House, order
from workflow.access.keys import Role
from workflow.queries import effects
from workflow.queries.history import MOST_CHILDREN, NEWEST


def _place(house: House, name: str, events: int) -> str:
    """An order that so many events, the first of which opened it, have been decided about."""
    assert house.post(order("place", name, f"{name}-1", amount=5)).status_code == 202
    _more(house, name, range(2, events + 1))
    house.apply()
    return f"order:{name}"


def _more(house: House, name: str, numbers: range) -> None:
    events = [order("place", name, f"{name}-{number}", amount=5) for number in numbers]
    for start in range(0, len(events), 500):
        assert house.post(events[start : start + 500]).status_code == 202


def _names(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["event"]["id"] for entry in entries]


def test_a_subjects_answer_shows_the_newest_and_says_how_much_there_was(house: House) -> None:
    key = _place(house, "long", NEWEST + 30)
    _more(house, "long", range(1_000, 1_000 + NEWEST + 7))
    answer = house.get(f"/v1/subjects/{key}").json()
    assert [entry["seq"] for entry in answer["timeline"]] == [*range(31, NEWEST + 31), *[None] * NEWEST]
    assert _names(answer["timeline"])[NEWEST:] == [f"long-{n}" for n in range(1_000, 1_000 + NEWEST)]
    assert (answer["earlier"], answer["more_waiting"], answer["more_children"]) == (30, 7, 0)
    house.apply()
    answer = house.get(f"/v1/subjects/{key}").json()
    assert len(answer["timeline"]) == NEWEST
    assert answer["earlier"] + NEWEST == answer["seq"] == 2 * NEWEST + 37
    assert answer["more_waiting"] == 0


def test_an_answer_does_not_grow_with_the_number_of_events(house: House) -> None:
    few, many = _place(house, "some", NEWEST), _place(house, "many", 1_500)
    sizes = [len(house.get(f"/v1/subjects/{key}").content) for key in (few, many)]
    assert sizes[1] < 1.1 * sizes[0]


def test_pages_tell_everything_once_whatever_is_decided_meanwhile(house: House) -> None:
    key = _place(house, "paged", 5)
    _more(house, "paged", range(6, 13))
    told, cursor = [], None
    for number in range(20):
        page = house.get(
            f"/v1/subjects/{key}/timeline", limit=2, **({"cursor": cursor} if cursor else {})
        ).json()
        assert len(page["items"]) <= 2
        told += _names(page["items"])
        cursor = page["next"]
        if number == 3:  # some that waited have been told, and are decided now
            assert page["items"][-1]["outcome"] == "pending"
            house.apply()
            _more(house, "paged", range(13, 15))
        if cursor is None:
            break
    assert told == [f"paged-{n}" for n in range(1, 15)]


def test_the_client_reads_it_to_the_end_with_its_effects(house: House) -> None:
    key = _place(house, "read", 130)
    house.post(order("ship", "read", "read-ship"))
    house.apply()
    with Client(str(house.http.base_url), house.keys[Role.SYSTEM], proxies=False) as client:
        told = list(client.timeline(key))
        assert client.subject(key)["timeline"] == told[-NEWEST:]
    assert [entry["seq"] for entry in told] == list(range(1, 132))
    assert [one["key"] for one in told[-1]["effects"]] == [f"{key}/131/0"]
    assert not any(entry["effects"] for entry in told[:-1])


def test_of_many_effects_the_first_are_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    key = _place(house, "busy", 1)
    house.post(order("ship", "busy", "busy-ship"))
    house.apply()
    asked = house.get(f"/v1/subjects/{key}").json()["timeline"][-1]["effects"]
    monkeypatch.setattr(effects, "MOST_OF_ONE", 0)
    entry = house.get(f"/v1/subjects/{key}").json()["timeline"][-1]
    assert (entry["effects"], entry["more_effects"]) == ([], len(asked))
    assert asked


def test_a_key_that_ends_like_the_resource_is_a_key(house: House) -> None:
    _place(house, "odd/timeline", 1)
    assert house.get("/v1/subjects/order:odd%2Ftimeline").json()["key"] == "order:odd/timeline"
    assert len(house.get("/v1/subjects/order:odd/timeline/timeline").json()["items"]) == 1
    with Client(str(house.http.base_url), house.keys[Role.SYSTEM], proxies=False) as client:
        assert client.subject("order:odd/timeline")["seq"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [("cursor=nonsense", "query.cursor"), ("limit=201", "query.limit"), ("after=1", "query.after")],
)
def test_what_is_no_page_is_refused(house: House, query: str, field: str) -> None:
    key = _place(house, "refused", 1)
    answer = house.http.get(f"/v1/subjects/{key}/timeline?{query}", headers=house.bearer())
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert house.get("/v1/subjects/order:nobody/timeline").status_code == 404


def test_of_many_children_the_newest_are_shown(house: House) -> None:
    key = _place(house, "parent", 1)
    number = MOST_CHILDREN + 5
    events = [order("place", f"child-{n}", f"child-{n}", amount=5) | {"parent": key} for n in range(number)]
    assert house.post(events).status_code == 202
    house.apply()
    answer = house.get(f"/v1/subjects/{key}").json()
    all_of_them = house.get("/v1/subjects", parent=key).json()
    rest = house.get("/v1/subjects", parent=key, cursor=all_of_them["next"]).json()
    listed = [one["key"] for one in [*all_of_them["items"], *rest["items"]]]
    assert [one["key"] for one in answer["children"]] == listed[5:]
    assert len(listed) == number
    assert answer["more_children"] == 5
