"""Invariant 8: the ledger, decided again, gives the stored states, timers and effects, on random lives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import select

from state_machines.decision import Decision, EmitEvent
from state_machines.definitions.senders import OUTSIDE
from state_machines.subject import Subject
from tests.invariants.contents import contents
from tests.invariants.random_lives import STEPS
from tests.workflow.world import NOW, World, new_world
from workflow.clock import VirtualClock
from workflow.engine.due_timers import DUE_TIMERS
from workflow.engine.fan_out import SOURCE
from workflow.engine.ledger import decisions
from workflow.store.own_sources import OWN_SOURCES
from workflow.store.port import NewEvent
from workflow.store.schema import metadata, subjects

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


class _Undone(Exception):
    pass


def stored(world: World) -> dict[str, Subject]:
    """All subjects with their timers as a decision would find them, read without leaving a trace."""
    with world.store.connect() as connection:
        known = connection.execute(select(subjects.c.key, subjects.c.lifecycle)).all()
    found: dict[str, Subject] = {}
    try:
        with world.store.begin() as transaction:
            asked = [
                NewEvent("/look", key, key, lifecycle, 1, f"{lifecycle}.look", NOW, {}, None)
                for key, lifecycle in known
            ]
            transaction.accept(asked, NOW)
            claim = transaction.claim_events(len(asked) + 1000)
            found = {subject.key: subject for subject in claim.subjects.values()}
            raise _Undone
    except _Undone:
        return found


def asked_for(world: World, key: str) -> Iterator[tuple[str, Subject, Decision, Any]]:
    """Every effect of every decision about a subject, taken again out of the ledger, with its key."""
    for subject, decision in decisions(world.store, world.engine.registry, key):
        for number, effect in enumerate(decision.effects):
            yield f"{key}/{subject.seq}/{number}", subject, decision, effect


def check(world: World) -> int:
    """The ledger alone says what is stored; returns how many decisions it was about."""
    found = contents(world.store)
    assert found["inbox"] == [], "the catalog has no fault that random data would find"
    outbox = {row["key"]: row for row in found["outbox"]}
    sent = {row["event_id"]: row for row in found["events"] if row["source"] == SOURCE}
    effects, emitted, taken = set[str](), set[str](), 0
    for key, subject in stored(world).items():
        if subject.seq == 0:
            continue
        rebuilt = world.rebuilt(key)
        assert rebuilt._replace(parent=subject.parent) == subject
        assert rebuilt.opened_at is None or rebuilt.parent == subject.parent
        taken += subject.seq
        for identity, _, _, effect in asked_for(world, key):
            if not isinstance(effect, EmitEvent):
                assert outbox[identity]["target"] == getattr(effect, "task", getattr(effect, "channel", None))
                effects.add(identity)
            elif identity in sent:
                assert (sent[identity]["data"], sent[identity]["type"].partition(".")[2]) == (
                    dict(effect.data),
                    effect.trigger,
                )
                emitted.add(identity)
            elif effect.to == "children":
                emitted |= {one for one in sent if one.rpartition("/")[0] == identity}
    assert effects == set(outbox), "no effect too few, none too many"
    assert emitted == set(sent), "no event to a relative that no decision asked for"
    return taken


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
        decided += check(world)
        outcomes.update(move["outcome"] for move in contents(world.store)["moves"])

    law()
    assert outcomes.total() == decided
    assert min(outcomes[outcome] for outcome in ("moved", "stayed", "refused")) > 30, outcomes
