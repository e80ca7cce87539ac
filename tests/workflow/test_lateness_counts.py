"""How late timers were, as a histogram that only grows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from state_machines.values.instants import format_instant
from tests.workflow.world import World
from workflow.queries.lateness_counts import BOUNDS, LatenessCounts


def test_each_decision_of_a_timer_is_in_the_buckets_that_it_kept_to(world: World) -> None:
    counts = LatenessCounts(world.store)
    assert counts.read() == {}
    for number, late in enumerate((0.05, 7.0, 7_200.0)):
        due = world.clock.now() + timedelta(hours=1)
        world.post(
            "promise.make",
            f"promise:{number}",
            {"words": "w", "owner": "o@shop.example", "due_at": format_instant(due)},
        )
        world.move_to(due - timedelta(microseconds=1))  # its warning, in time
        world.clock.move_to(due + timedelta(seconds=late))
        while world.engine.fire().decided:
            world.settle()
    found = counts.read()["promise"]
    within = dict(zip(BOUNDS, found.within, strict=True))
    warned = 3
    assert (within[0.1], within[5.0], within[10.0]) == (warned + 1, warned + 1, warned + 2)
    assert (within[1800.0], found.count) == (warned + 2, warned + 3)
    assert found.seconds == pytest.approx(7_207.05, abs=0.01)
    assert counts.read() == LatenessCounts(world.store).read()
