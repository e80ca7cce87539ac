"""The look at the inbox ends with its door, whenever it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.workflow.world import World
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
    closing.join(10)
    assert not closing.is_alive()
