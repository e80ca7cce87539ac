"""Reading subjects: filters, pages, one with its timeline."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from makegood import Client
from tests.api.conftest import NOON, House, order
from workflow.access.keys import Role
from workflow.queries import cursor


def _keys(house: House, **filters: object) -> list[str]:
    """All keys that pass, page after page."""
    found: list[str] = []
    while True:
        page = house.get("/v1/subjects", **filters).json()
        found += [item["key"] for item in page["items"]]
        if page["next"] is None:
            return found
        filters["cursor"] = page["next"]


def _items(house: House, **filters: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = house.get("/v1/subjects", **filters).json()["items"]
    return items


def test_an_item_says_how_the_subject_stands(house: House) -> None:
    house.post(order("place", "item", "item-1", amount=5))
    house.apply()
    item = next(
        one for one in house.get("/v1/subjects", limit=1000).json()["items"] if one["key"] == "order:item"
    )
    assert item == {
        "key": "order:item",
        "lifecycle": "order",
        "version": 1,
        "state": "placed",
        "seq": 1,
        "data": {"amount": 5},
        "parent": None,
        "opened_at": "2026-07-01T12:00:00Z",
        "changed_at": "2026-07-01T12:00:00Z",
    }


def test_filters(house: House) -> None:
    house.post(
        [
            order("place", f"filter-{n}", f"filter-{n}", amount=5) | {"parent": "order:filters"}
            for n in range(4)
        ]
    )
    house.post([order("ship", "filter-0", "f-0"), order("cancel", "filter-1", "f-1", reason="no")])
    house.apply()

    def numbers(**filters: object) -> list[int]:
        keys = _keys(house, parent="order:filters", **filters)
        return sorted(int(key.removeprefix("order:filter-")) for key in keys)

    assert numbers() == [0, 1, 2, 3]
    assert numbers(state="shipped") == [0]
    assert numbers(state=["shipped", "cancelled"]) == [0, 1]
    assert numbers(lifecycle="order", state="placed") == [2, 3]
    assert numbers(lifecycle="promise") == []


def test_what_was_never_opened_is_not_listed_and_yet_can_be_read(house: House) -> None:
    house.post(order("ship", "unopened", "unopened-1"))
    house.apply()
    assert "order:unopened" not in _keys(house)
    subject = house.get("/v1/subjects/order:unopened").json()
    assert (subject["state"], subject["timeline"][0]["outcome"]) == ("initial", "refused")


def test_what_was_never_opened_is_listed_on_its_own(house: House) -> None:
    house.post([order("ship", f"early-{n}", f"early-{n}") for n in range(3)])
    house.post(order("place", "early-open", "early-open", amount=5))
    house.apply()
    house.post(order("place", "early-2", "early-2-open", amount=5))
    house.apply()
    found = [key for key in _keys(house, opened=False, lifecycle="order", limit=1) if ":early-" in key]
    assert found == ["order:early-0", "order:early-1"]
    assert "order:early-2" in _keys(house, opened=True)
    item = next(one for one in _items(house, opened=False, limit=1000) if one["key"] == "order:early-0")
    assert (item["state"], item["seq"], item["opened_at"], item["data"]) == ("initial", 1, None, {})
    with Client(str(house.http.base_url), house.keys[Role.SYSTEM], proxies=False) as client:
        unopened = {one["key"] for one in client.subjects(opened=False)}
    assert "order:early-1" in unopened and "order:early-2" not in unopened


def test_the_timeline_tells_events_timers_and_effects(house: House) -> None:
    house.post(order("place", "told/a:b", "told-1", amount=5))
    house.apply()
    timers = house.get("/v1/subjects/order:told/a:b").json()["timers"]
    assert [(timer["name"], timer["status"], timer["due_at"]) for timer in timers] == [
        ("reminder", "pending", "2026-07-01T13:00:00Z")
    ]
    house.runtime.clock.move_to(NOON + timedelta(hours=1, seconds=3))  # type: ignore[attr-defined]
    house.runtime.engine.fire()
    house.post(order("ship", "told/a:b", "told-2"))
    house.apply()
    subject = house.get("/v1/subjects/order:told/a:b").json()
    told = [
        (entry["seq"], entry["cause"], entry["from"], entry["to"], entry["outcome"])
        for entry in subject["timeline"]
    ]
    assert told == [
        (1, "event", "initial", "placed", "moved"),
        (2, "timer", "placed", "placed", "stayed"),
        (3, "event", "placed", "shipped", "moved"),
    ]
    assert subject["timeline"][1]["timer"] == {
        "name": "reminder",
        "setting": 1,
        "due_at": "2026-07-01T13:00:00Z",
        "late_seconds": 3.0,
    }
    effect = subject["timeline"][2]["effects"][0]
    assert (effect["key"], effect["target"], effect["state"]) == (
        "order:told/a:b/3/0",
        "billing.charge",
        "pending",
    )
    assert effect["payload"]["args"] == ["told/a:b", 5]
    assert subject["timers"] == []


def test_a_subject_shows_parent_and_children(house: House) -> None:
    house.post(order("place", "mother", "mother-1", amount=5))
    house.post(order("place", "child", "child-1", amount=5) | {"parent": "order:mother"})
    house.apply()
    assert house.get("/v1/subjects/order:child").json()["parent"] == "order:mother"
    assert house.get("/v1/subjects/order:mother").json()["children"] == [
        {"key": "order:child", "lifecycle": "order", "state": "placed"}
    ]


@pytest.mark.parametrize("key", ["order:nobody", "nonsense", "order:", "a/b/c", "%00"])
def test_what_nobody_named_is_not_found(house: House, key: str) -> None:
    response = house.get(f"/v1/subjects/{key}")
    assert (response.status_code, response.json()["type"]) == (404, "/docs#problem-not-found")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("opened=perhaps", "query.opened"),
        ("limit=0", "query.limit"),
        ("limit=1001", "query.limit"),
        ("limit=ten", "query.limit"),
        ("cursor=nonsense", "query.cursor"),
        ("cursor=%C3%A9", "query.cursor"),
        ("cursor=YWZ0ZXI6LTE", "query.cursor"),
        ("lifecylce=order", "query.lifecylce"),
        ("state=a%00b", "query.state"),
        ("parent=order:%00", "query.parent"),
    ],
)
def test_a_wrong_query_is_refused(house: House, query: str, field: str) -> None:
    response = house.http.get(f"/v1/subjects?{query}", headers=house.bearer())
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["field"].startswith(field)


@pytest.mark.parametrize("limit", [1, 7, 40, 1000])
def test_all_pages_together_hold_every_subject_once(house: House, limit: int) -> None:
    def place(name: str, count: int) -> None:
        for n in range(count):
            identity = f"{name}-{limit}-{n}"
            house.post(order("place", identity, identity, amount=5) | {"parent": f"order:pages-{limit}"})
            house.apply()

    place("before", 40)
    writer = threading.Thread(target=place, args=("meanwhile", 30))
    writer.start()
    found = _keys(house, limit=limit, parent=f"order:pages-{limit}")
    writer.join()
    assert len(found) == len(set(found))
    assert {key for key in found if "before" in key} == {f"order:before-{limit}-{n}" for n in range(40)}
    assert len(_keys(house, limit=limit, parent=f"order:pages-{limit}")) == 70


def test_a_key_may_end_like_a_path_of_the_api(house: House) -> None:
    for name in ("like", "like/explain", "like/explain/explain"):
        house.post(order("place", name, name, amount=5))
    house.apply()

    def read(path: str) -> str:
        answer = house.get(f"/v1/subjects/{path}").json()
        return f"{answer['key']}, explained" if "zone" in answer else str(answer["key"])

    assert read("order:like%2Fexplain") == "order:like/explain"
    assert read("order:like%2fexplain") == "order:like/explain"
    assert read("order:like/explain%2Fexplain") == "order:like/explain/explain"
    assert read("order:like/explain") == "order:like, explained"
    assert read("order:like%2Fexplain/explain") == "order:like/explain, explained"


def test_a_page_of_large_subjects_has_fewer_of_them_and_none_is_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor, "MOST_BYTES", 500)
    parent = "order:large-parent"
    house.post(order("place", "large-parent", "large-parent", amount=5))
    events = [order("place", f"large-{n}", f"large-{n}", amount=5) | {"parent": parent} for n in range(12)]
    house.post(events)
    house.apply()
    pages: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        page = house.get("/v1/subjects", parent=parent, limit=100, **after).json()
        pages.append([one["key"] for one in page["items"]])
        if page["next"] is None:
            break
        after = {"cursor": page["next"]}
    assert sorted(key for keys in pages for key in keys) == sorted(f"order:large-{n}" for n in range(12))
    assert max(map(len, pages)) < 12


def test_the_timeline_shows_who_sent_an_event(house: House) -> None:
    house.post(order("place", "voice", "voice", amount=5))
    house.apply()
    (entry,) = house.get("/v1/subjects/order:voice").json()["timeline"]
    assert entry["event"]["actor"] == f"system:the tests' {Role.SYSTEM}"
