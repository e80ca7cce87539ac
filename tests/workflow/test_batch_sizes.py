"""How many are decided in one batch."""

from __future__ import annotations

import pytest

from workflow.engine.batch_sizes import A_MOMENT, LEAST, BatchSizes


@pytest.mark.parametrize(("seconds_each", "expected"), [(1e-5, 500), (A_MOMENT / 200, 200), (0.1, LEAST)])
def test_as_many_as_take_a_moment(seconds_each: float, expected: int) -> None:
    sizes = BatchSizes()
    assert sizes.limit("timers", 500) == 500, "nothing is known yet"
    sizes.note("timers", 100, 100 * seconds_each)
    assert sizes.limit("timers", 500) == pytest.approx(expected, abs=1)
    assert sizes.limit("events", 500) == 500, "each kind by itself"


def test_no_more_than_are_asked_for() -> None:
    sizes = BatchSizes()
    sizes.note("timers", 100, 1.0)
    assert sizes.limit("timers", 10) == 10


def test_small_batches_tell_nothing() -> None:
    sizes = BatchSizes()
    sizes.note("events", LEAST - 1, 10.0)
    assert sizes.limit("events", 500) == 500


def test_what_follows_from_virtual_time_knows_no_real_seconds() -> None:
    sizes = BatchSizes(steady=True)
    sizes.note("events", 100, 100.0)
    assert sizes.limit("events", 500) == 500
