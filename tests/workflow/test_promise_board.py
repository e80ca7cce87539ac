"""The board of promises: the same lists, whether few or many stand so, page by page, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from state_machines.values.instants import format_instant
from tests.workflow.world import NOW, World
from workflow.clock import VirtualClock
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.recovery import few_promises, vocabulary
from workflow.recovery.promise_board import Standing, promise_board
from workflow.store import migrate, open_store

BOTH = pytest.mark.parametrize("few", [pytest.param(1_000, id="few"), pytest.param(0, id="many")])


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """Promises of which two each have lapsed, are at risk, wait for the customer, are due, were kept."""
    vocabulary.register()
    migrate(database_url)
    store, clock = open_store(database_url), VirtualClock(NOW)
    registry = Registry(store)
    registry.register(catalog_sources(), clock.now())
    told = World(store, Engine(store, registry, clock), clock)
    due = {"lapsed": (1, 2), "risk": (6, 7), "wait": (8, 9), "due": (40, 41), "kept": (42, 43)}
    for name, hours in due.items():
        for number, hour in reversed(list(enumerate(hours))):  # what is made first is not due first
            data = {
                "words": name, "owner": "olga@shop.example", "pauses": name == "wait", "warn_before": "PT4H",
                "due_at": format_instant(NOW + timedelta(hours=hour)),
            }  # fmt: skip
            told.post("promise.make", f"promise:{name}-{number}", data)
    for number in range(2):
        told.post("promise.pause", f"promise:wait-{number}", {"words": "which model it is"})
        told.post("promise.keep", f"promise:kept-{number}", {"evidence": "done"})
    told.move_to(NOW + timedelta(hours=4))
    yield told
    store.close()


def pages(world: World, standing: Standing) -> list[str]:
    """Keys on its pages of one each, in their order."""
    found, cursor = [], None
    for _ in range(20):
        page = promise_board(world.store, standing, world.clock.now(), 1, cursor=cursor)
        found += [one.key.partition(":")[2] for one in page.items]
        cursor = page.next
        if cursor is None:
            return found
    raise AssertionError("it has no end")


@BOTH
def test_each_list_is_whole_and_in_order(world: World, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(few_promises, "FEW", few)
    assert pages(world, Standing.AT_RISK) == ["risk-0", "risk-1"]
    assert pages(world, Standing.LAPSED) == ["lapsed-1", "lapsed-0"], "what lapsed last is first"
    assert sorted(pages(world, Standing.WAITING)) == ["wait-0", "wait-1"]
    assert pages(world, Standing.DUE) == ["risk-0", "risk-1", "due-0", "due-1"]


@BOTH
def test_where_nothing_stands_so_the_list_is_empty(
    world: World, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few_promises, "FEW", few)
    for name in ("risk", "wait", "lapsed"):
        for number in range(2):
            world.post("promise.withdraw", f"promise:{name}-{number}", {"reason": "not needed"})
    for standing in (Standing.AT_RISK, Standing.LAPSED, Standing.WAITING):
        assert pages(world, standing) == [], standing


@BOTH
def test_what_lapsed_long_ago_is_found_too(world: World, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(few_promises, "FEW", few)
    world.clock.move_to(NOW + timedelta(days=100))
    assert pages(world, Standing.LAPSED) == ["lapsed-1", "lapsed-0"]
