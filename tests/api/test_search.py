"""Search over HTTP: what it answers, what it refuses, and who may see what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import House
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.role import Role

_ADA = {"name": "Ada Lovelace", "account": "AB-47/11", "phone": "+49 30 1234567", "zone": "Europe/Berlin"}


def promised(house: House, key: str, customer: Any, **more: Any) -> None:
    """Make a promise."""
    data = {"words": "We call back", "owner": "olga@shop.example", "due_at": "2026-07-05T10:00:00Z"}
    event = {
        "specversion": "1.0", "id": key, "source": "/tests/search", "type": "promise.make", "subject": key,
        "data": {**data, "customer": customer, **more},
    }  # fmt: skip
    assert house.post(event).status_code == 202
    house.apply()


def test_a_hit_says_what_it_is_and_by_what_it_was_found(house: House) -> None:
    promised(house, "promise:S-1", _ADA, words="Her money comes back by Friday", team="north")
    answer = house.get("/v1/search", q="030/123 45 67")
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {
                "key": "promise:S-1",
                "lifecycle": "promise",
                "state": "made",
                "name": "Ada Lovelace",
                "title": "Her money comes back by Friday",
                "owner": "olga@shop.example",
                "team": "north",
                "due_at": "2026-07-05T10:00:00Z",
                "at_risk": False,
                "opened_at": "2026-07-01T12:00:00Z",
                "changed_at": "2026-07-01T12:00:00Z",
                "closed_at": None,
                "found": {"match": "exact", "field": "phone", "text": "+49 30 1234567", "marks": [[0, 14]]},
            }
        ],
        "next": None,
        "indexed": 1.0,
    }
    (found,) = house.get("/v1/search", q="mony").json()["items"]
    text, [[start, stop]] = found["found"]["text"], found["found"]["marks"]
    assert (found["found"]["match"], text[start:stop]) == ("similar", "money")


def test_pages_go_on_where_the_last_one_ended(house: House) -> None:
    for number in range(5):
        promised(house, f"promise:page-{number}", {"name": "Quentin Pagerie"})
    found, cursor = [], None
    for _ in range(3):
        page = house.get("/v1/search", q="pagerie", limit=2, **({"cursor": cursor} if cursor else {})).json()
        found += [one["key"] for one in page["items"]]
        cursor = page["next"]
    assert found == [f"promise:page-{n}" for n in (4, 3, 2, 1, 0)]
    assert cursor is None


def test_filters_stand_alone_and_beside_words(house: House) -> None:
    promised(house, "promise:F-1", {"name": "Filibert Filter"}, team="filters", owner="Fay@shop.example")
    promised(house, "promise:F-2", {"name": "Filibert Filter"}, due_at="2026-07-02T10:00:00Z")
    for filters, expected in (
        ({"team": "filters"}, ["promise:F-1"]),
        ({"owner": "fay@SHOP.example"}, ["promise:F-1"]),
        ({"q": "filibert", "due_before": "2026-07-03"}, ["promise:F-2"]),
        (
            {"q": "filibert", "state": ["made", "kept"], "lifecycle": "promise"},
            ["promise:F-2", "promise:F-1"],
        ),
        ({"q": "filibert", "open": False}, []),
        ({"q": "filibert", "at_risk": True}, []),
    ):
        answer = house.get("/v1/search", **filters)
        assert [one["key"] for one in answer.json()["items"]] == expected, filters


@pytest.mark.parametrize(
    ("asked", "field", "rule"),
    [
        ({}, "query.q", "nothing-asked"),
        ({"limit": 5}, "query.q", "nothing-asked"),
        ({"q": ""}, "query.q", "string_too_short"),
        ({"q": "a\x00b"}, "query.q", "string_pattern_mismatch"),
        ({"q": "x" * 201}, "query.q", "string_too_long"),
        ({"q": "x", "limit": 101}, "query.limit", "less_than_equal"),
        ({"q": "x", "cursor": "?"}, "query.cursor", "cursor"),
        ({"q": "x", "due_before": "soon"}, "query.due_before", "instant-form"),
        ({"q": "x", "zone": "Mars/Base"}, "query.zone", "unknown-zone"),
        ({"q": "x", "words": "y"}, "query.words", "extra_forbidden"),
        ({"q": "x", "lifecycle": "No Name"}, "query.lifecycle.0", "string_pattern_mismatch"),
    ],
)
def test_what_cannot_be_asked_is_named(house: House, asked: dict[str, Any], field: str, rule: str) -> None:
    answer = house.get("/v1/search", **asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (problem,) = answer.json()["errors"]
    assert (problem["field"], problem["rule"]) == (field, rule)


def test_a_key_finds_what_it_may_read_and_nothing_else(house: House) -> None:
    promised(house, "promise:R-1", {"name": "Rowena Reader"})
    runtime = house.runtime
    text = keys.create(
        runtime.store, Role.SYSTEM, "orders alone", runtime.clock.now(), bounds=Bounds(reads=("order",))
    )
    headers = {"Authorization": f"Bearer {text}"}

    def ask(**asked: Any) -> tuple[int, Any]:
        answer = house.http.get("/v1/search", params=asked, headers=headers)
        return answer.status_code, answer.json()

    status, refused = ask(q="rowena")
    assert (status, refused["errors"][0]["rule"]) == (403, "reads")
    assert ask(q="rowena", lifecycle="promise")[0] == 403
    assert ask(q="rowena", lifecycle=["order", "promise"])[0] == 403
    status, found = ask(q="rowena", lifecycle="order")
    assert (status, found["items"]) == (200, [])
