"""Invariant 8: the ledger, decided again, gives the stored states, timers and effects, on random lives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from state_machines.definitions.senders import OUTSIDE
from tests.invariants.contents import contents
from tests.invariants.random_lives import STEPS
from tests.invariants.retelling import check
from tests.workflow.world import NOW, World, new_world
from workflow.clock import VirtualClock
from workflow.engine.due_timers import DUE_TIMERS
from workflow.engine.fan_out import SOURCE
from workflow.store.own_sources import OWN_SOURCES
from workflow.store.schema import metadata

Step = tuple[str, Any, Any, Any]
_KEPT = ("definitions", "alembic_version")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The catalog alone."""
    world = new_world(database_url)
    yield world
    world.store.close()


def emptied(world: World) -> None:
    """As on the first day, without migrating again."""
    with world.store.begin() as transaction:
        for table in metadata.sorted_tables:
            if table.name not in _KEPT:
                transaction.connection.execute(table.delete())
    world.clock = world.engine.clock = VirtualClock(NOW)
    world.posted = 0


def heard_from(world: World, kind: str) -> str:
    """A source from which this trigger is taken: somebody outside where that is possible."""
    lifecycle, _, trigger = kind.partition(".")
    heard = world.engine.registry.latest(lifecycle).senders[trigger]
    if OUTSIDE in heard:
        return "/crm"
    ours = {source: sender for source, sender in OWN_SOURCES.items() if source != SOURCE}
    return next(source for source, sender in ours.items() if sender in heard)


def live(world: World, steps: Sequence[Step]) -> None:
    """Accept, let time pass with late clocks, apply in batches of any size; at last nothing waits."""
    for kind, first, second, third in steps:
        if kind == "event":
            world.engine.accept([world.event(first, second, third, source=heard_from(world, first))])
        elif kind == "apply":
            world.engine.apply(first)
        else:
            until, late = world.clock.now() + timedelta(minutes=first), timedelta(seconds=second)
            while (due := DUE_TIMERS.next_due(world.store)) is not None and due + late <= until:
                world.clock.move_to(max(due + late, world.clock.now()))
                world.settle()
                world.engine.fire(2)
                world.settle()
            world.clock.move_to(until)
    world.settle()


def test_the_ledger_alone_gives_states_timers_and_effects(world: World) -> None:
    decided, outcomes = 0, Counter[str]()

    @settings(
        max_examples=16 if world.store.dialect == "sqlite" else 6,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=(Phase.generate,),  # a failure need not be the smallest: the time is bounded
    )
    @given(STEPS)
    def law(steps: list[Step]) -> None:
        nonlocal decided
        emptied(world)
        live(world, steps)
        decided += check(world.store, world.engine.registry)
        outcomes.update(move["outcome"] for move in contents(world.store)["moves"])

    law()
    assert outcomes.total() == decided
    assert min(outcomes[outcome] for outcome in ("moved", "stayed", "refused")) > 30, outcomes
