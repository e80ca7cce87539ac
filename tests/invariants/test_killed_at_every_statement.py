"""Invariants 1 and 3: killed after any statement whatever, nothing is lost, doubled or half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.invariants.contents import contents
from tests.invariants.crashes import survived
from tests.workflow.world import LAMP, NOW, World, new_world

T = TypeVar("T")
Guard = Callable[[Callable[[], T]], T]
HOUR = timedelta(hours=1)
CUSTOMER = {"name": "Ada", "email": "ada@example.com", "zone": "Europe/Berlin"}


def promise(hours: int) -> dict[str, Any]:
    due = (NOW + hours * HOUR).isoformat()
    return {"words": "the manager calls", "owner": "m@shop.example", "due_at": due, "customer": CUSTOMER}


def live(world: World, guard: Guard[Any]) -> None:
    """Two promises and two lamps through everything that the engine can do to them, in small batches."""

    def settle() -> None:
        while guard(lambda: world.engine.apply(limit=3)).decided:
            pass

    def accept(*events: Any) -> None:
        given = [world.event(*event) for event in events]
        guard(lambda: world.engine.accept(given))
        again = world.engine.accept(given)  # the answer was lost, so the sender sends once more
        assert {answer.status for answer in again} == {"duplicate"}

    accept(("promise.make", "promise:P-1", promise(2)), ("lamp.press", "lamp:1", {"level": 3}))
    settle()
    accept(
        ("promise.make", "promise:P-2", promise(3)),
        ("promise.keep", "promise:P-0"),
        ("promise.make", "promise:P-9", promise(90)),
        ("lamp.press", "lamp:2", {"level": 1}),
        ("lamp.press", "lamp:2", {"level": 0}),
        ("lamp.fail", "lamp:1"),
    )
    settle()
    for hours in (1, 2):
        world.clock.move_to(NOW + hours * HOUR)
        while guard(lambda: world.engine.fire(limit=2)).decided:
            pass
        settle()
    accept(("promise.keep", "promise:P-1", {"by": "Bo"}), ("promise.keep", "promise:P-2", {"by": "Bo"}))
    settle()


@pytest.fixture
def undisturbed(tmp_path: Path) -> Iterator[World]:
    """A second world, in which nothing ever goes wrong."""
    world = new_world(f"sqlite:///{tmp_path / 'undisturbed.db'}", LAMP)
    yield world
    world.store.close()


def test_whatever_statement_a_process_dies_after_all_ends_as_if_it_had_not(
    world: World, undisturbed: World
) -> None:
    live(undisturbed, lambda call: call())
    deaths = 0

    def guard(call: Callable[[], Any]) -> Any:
        nonlocal deaths
        result, times = survived(world.store, call, lambda: contents(world.store))
        deaths += times
        return result

    live(world, guard)
    expected = contents(undisturbed.store)
    assert contents(world.store) == expected
    assert deaths > 80
    moved = {move["subject"] for move in expected["moves"]}
    assert moved >= {"promise:P-2", "escalation:promise-P-1", "lamp:2"}
    assert [dead["subject"] for dead in expected["inbox"]] == ["lamp:1"]
    assert expected["outbox"] and expected["timers"]
