"""A figure that takes long to count holds up nobody."""

from __future__ import annotations

import threading

from tests.waiting import wait_until
from workflow.telemetry.refreshed import Refreshed


def test_what_is_quick_is_fresh_and_not_counted_again_at_once() -> None:
    counted: list[int] = []

    def count() -> int:
        counted.append(len(counted))
        return counted[-1]

    lasting = Refreshed(count, keep=3600)
    assert [lasting.get() for _ in range(3)] == [0, 0, 0]
    fleeting = Refreshed(count, keep=0, share=1e9)
    assert [fleeting.get() for _ in range(3)] == [1, 2, 3]


def test_what_takes_long_is_counted_by_one_while_the_last_value_is_shown() -> None:
    may_end, begun = threading.Event(), []
    may_end.set()

    def count() -> int:
        begun.append(1)
        may_end.wait(20)
        return len(begun)

    figure = Refreshed(count, keep=0, share=1e9, patience=0.02)
    wait_until(lambda: figure.get() == 1, seconds=60, what="a first value")
    may_end.clear()
    assert {figure.get() for _ in range(5)} == {1}
    assert len(begun) == 2
    may_end.set()
    wait_until(lambda: figure.get() != 1, seconds=60, what="another one")


def test_what_cannot_be_counted_leaves_the_last_value() -> None:
    values = iter([7])
    figure = Refreshed(lambda: next(values), keep=0, share=1e9)
    assert [figure.get(), figure.get()] == [7, 7]
    assert Refreshed(lambda: next(values), keep=0).get() is None
