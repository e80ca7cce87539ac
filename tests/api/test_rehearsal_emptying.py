"""A rehearsal is emptied when what is in it is old: by itself, or by a button; its keys go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.api.conftest import NOON, House, order
from tests.api.signed_in import browser_of
from tests.api.test_rehearsal import asked, house_with_rehearsal, kept, key_of_tests
from tests.waiting import wait_until
from workflow.access.role import Role
from workflow.clock import VirtualClock
from workflow.errors import StoreError
from workflow.rehearsal import emptying
from workflow.store.schema import metadata, moves

PLACE = "/admin/integrate/rehearsal"
_DAYS = 3


@pytest.fixture
def clock() -> VirtualClock:
    """Of the house."""
    return VirtualClock(NOON)


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: VirtualClock) -> Iterator[House]:
    """A door whose rehearsal is kept for three days and looked after without a pause."""
    settings = {"rehearsal_days": _DAYS, "sweep_seconds": 0.01}
    with house_with_rehearsal(database_url, tmp_path, clock, **settings) as opened:
        yield opened


def counts(house: House) -> dict[str, int]:
    """Rows of the rehearsal by table, where there are any."""
    with kept(house).connect() as connection:
        found = {
            one.name: connection.scalar(select(func.count()).select_from(one))
            for one in metadata.sorted_tables
        }
    return {name: rows for name, rows in found.items() if rows}


def placed(house: House, key: str, name: str) -> None:
    """An order that is placed in the rehearsal."""
    assert asked(house, key, "/v1/events", order("place", name, name, amount=5)).status_code == 202

    def is_placed() -> bool:
        answer = asked(house, key, f"/v1/subjects/order:{name}")
        return answer.status_code == 200 and answer.json()["state"] == "placed"

    wait_until(is_placed, seconds=60, what="it to be placed")


def looked(house: House) -> None:
    """Have the rehearsal look after itself, and be done with that."""
    rehearsed = house.door.rehearsal.there() if house.door.rehearsal else None
    assert rehearsed is not None
    rehearsed.worker.wake("")


def numbers(house: House) -> int:
    """The number of the last change."""
    with kept(house).connect() as connection:
        return int(connection.scalar(select(func.max(moves.c.id))) or 0)


def test_what_test_keys_sent_goes_days_after_the_first_of_it_and_nothing_else_does(
    house: House, clock: VirtualClock
) -> None:
    key = key_of_tests(house)
    empty = set(counts(house))
    assert house.post(order("place", "real", "real", amount=5)).status_code == 202
    house.apply()
    placed(house, key, "1")
    goes_at = emptying.goes_at(kept(house), _DAYS)
    assert goes_at == NOON + timedelta(days=_DAYS)
    clock.move_to(NOON + timedelta(days=_DAYS - 1))
    placed(house, key, "2")
    clock.move_to(goes_at - timedelta(seconds=1))
    placed(house, key, "3")  # it has looked after itself meanwhile
    assert asked(house, key, "/v1/subjects/order:1").status_code == 200
    before = numbers(house)
    clock.move_to(goes_at)
    looked(house)
    wait_until(lambda: emptying.goes_at(kept(house), _DAYS) is None, seconds=60, what="it to be emptied")
    left = counts(house)
    assert left.pop("moves", 1) == 1, "on SQLite a row that keeps the number"
    assert set(left) <= empty, left
    for name in ("1", "2", "3"):
        assert asked(house, key, f"/v1/subjects/order:{name}").status_code == 404
    assert house.get("/v1/subjects/order:real").json()["state"] == "placed"
    placed(house, key, "1")
    assert numbers(house) > before, "who follows changes misses none"
    changes = asked(house, key, "/v1/changes").json()["items"]
    assert [one["subject"] for one in changes] == ["order:1"]
    assert emptying.goes_at(kept(house), _DAYS) == goes_at + timedelta(days=_DAYS)


def test_its_page_says_when_and_has_a_button_for_now(house: House) -> None:
    key = key_of_tests(house)
    ola = browser_of(house, "ola", Role.OPERATOR)
    assert "goes by itself" not in ola.get(PLACE).text
    placed(house, key, "1")
    page = ola.get(PLACE).text
    assert "All of this goes by itself" in page and "2026-07-04T12:00:00Z" in page, page
    form = ola.forms(PLACE).to(f"{PLACE}/empty")
    assert browser_of(house, "ann", Role.AGENT).post(f"{PLACE}/empty", form).status_code == 403
    assert asked(house, key, "/v1/subjects/order:1").status_code == 200
    assert ola.post(f"{PLACE}/empty", form).status_code == 303
    assert "The rehearsal is empty" in ola.get(PLACE).text
    assert asked(house, key, "/v1/subjects/order:1").status_code == 404
    placed(house, key, "1")


def test_what_waits_says_why_in_the_language_of_the_page_and_has_no_mark_of_a_link(house: House) -> None:
    key_of_tests(house)
    olga = browser_of(house, "olga", Role.OPERATOR)
    form = olga.forms(PLACE).to(f"{PLACE}/examples")
    assert olga.post(f"{PLACE}/examples", form).status_code == 303
    olga.http.headers["Accept-Language"] = "de"
    wait_until(
        lambda: "wartet: gesammelt bis" in olga.get(PLACE).text,
        seconds=60,
        what="a colleague's to be gathered",
    )
    assert "{{link." not in olga.get(PLACE).text


def test_words_are_found_again_in_what_comes_after(
    database_url: str, tmp_path: Path, clock: VirtualClock
) -> None:
    said = {"words": "The zeppelin is late", "owner": "olga@shop.example", "due_at": "2026-08-01T12:00:00Z"}
    event = order("place", "w", "w") | {"type": "promise.make", "subject": "promise:W", "data": said}
    with house_with_rehearsal(database_url, tmp_path, clock, sweep_seconds=3600) as house:
        key = key_of_tests(house)
        for _ in range(2):
            assert asked(house, key, "/v1/events", event).status_code == 202
            wait_until(
                lambda: asked(house, key, "/v1/search", q="zepelin").json().get("items"),
                seconds=60,
                what="a mistyped word to be found",
            )
            emptying.empty(kept(house), clock.now())  # its worker is not told, and decides the next at once
            assert not asked(house, key, "/v1/search", q="zepelin").json().get("items")


def test_what_is_real_cannot_be_emptied(house: House) -> None:
    assert house.post(order("place", "1", "1", amount=5)).status_code == 202
    before = house.counts()
    with pytest.raises(StoreError, match=r"\[rehearsal\]"):
        emptying.empty(house.runtime.store, NOON)
    assert house.counts() == before
