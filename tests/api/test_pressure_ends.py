"""The look at the inbox: it counts for a few seconds, and it ends with its door, whenever that is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.workflow.world import World
from workflow.api.http.problems import Refusal
from workflow.api.ingest import backpressure as pressure_module
from workflow.api.ingest.backpressure import Backpressure


class _Slow:
    """A store whose connection waits until it may be given."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked, self.may = threading.Event(), threading.Event()

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """As the store's own, later."""
        self.asked.set()
        assert self.may.wait(10)
        with self._world.store.connect() as connection:
            yield connection


def _turned_away(backpressure: Backpressure) -> bool:
    try:
        backpressure.check()
    except Refusal:
        return True
    return False


def test_nobody_is_judged_by_a_look_that_is_long_past(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.engine.accept([world.event("lamp.press", f"lamp:{number}", {"level": 3}) for number in range(3)])
    store, at = _Slow(world), [1000.0]
    monkeypatch.setattr(pressure_module, "monotonic", lambda: at[0])
    backpressure = Backpressure(store, 2)  # type: ignore[arg-type]
    store.may.set()
    wait_until(lambda: _turned_away(backpressure), seconds=60, what="the backlog to be noticed")
    wait_until(lambda: not backpressure._wanted.is_set(), seconds=60, what="the look to be over")
    store.may.clear()  # the next look takes long
    at[0] += 4
    assert _turned_away(backpressure)
    at[0] += 1
    assert not _turned_away(backpressure)
    store.may.set()
    backpressure.close()


def test_told_to_end_in_the_middle_of_a_look_it_ends_after_it(world: World) -> None:
    store = _Slow(world)
    backpressure = Backpressure(store, 100)  # type: ignore[arg-type]
    backpressure.check()
    assert store.asked.wait(10)
    closing = threading.Thread(target=backpressure.close, daemon=True)
    closing.start()
    while not backpressure._closing:  # it waits for the look by now, or is about to
        pass
    store.may.set()
    closing.join(60)
    assert not closing.is_alive()
