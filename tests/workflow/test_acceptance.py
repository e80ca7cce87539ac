"""Laws of acceptance: together or one after the other, whoever sends is told the same."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.workflow.world import NOW, World
from workflow.engine.acceptance import CheckedEvents, Stored
from workflow.engine.cloudevent import CloudEvent
from workflow.errors import EventConflict
from workflow.store.port import Transaction
from workflow.store.schema import events, subjects

ONE = st.tuples(st.sampled_from("abcdef"), st.sampled_from([0, 0, 0, 1, 2]))
"""An event's id, and the number of the lamp that it is about: the same id may come about another lamp."""
REQUESTS = st.lists(
    st.lists(ONE, min_size=1, max_size=4, unique_by=lambda one: one[0]), min_size=1, max_size=5
)


def _parcel(world: World, request: list[tuple[str, int]], run: str) -> CheckedEvents:
    return world.engine.acceptor.check(
        [
            CloudEvent(identity, f"/{run}", "lamp.press", f"lamp:{run}-{lamp}", NOW, {"level": lamp + 1})
            for identity, lamp in request
        ]
    )


def _told(answers: list[Stored], run: str) -> list[list[tuple[str, ...]]]:
    return [
        [(one.field, one.rule) for one in answer.problems]
        if isinstance(answer, EventConflict)
        else [
            (one.event_id, one.subject.removeprefix(f"lamp:{run}"), one.status, one.outcome) for one in answer
        ]
        for answer in answers
    ]


def _subjects(world: World, run: str) -> list[str]:
    query = select(subjects.c.key).where(subjects.c.key.startswith(f"lamp:{run}")).order_by(subjects.c.key)
    with world.store.connect() as connection:
        return [key.removeprefix(f"lamp:{run}") for key in connection.scalars(query)]


def _ledger(world: World, run: str) -> list[tuple[str, str, object]]:
    query = (
        select(events.c.event_id, subjects.c.key, events.c.data)
        .join(subjects, subjects.c.id == events.c.subject_id)
        .where(events.c.source == f"/{run}")
        .order_by(events.c.id)
    )
    with world.store.connect() as connection:
        return [
            (identity, key.removeprefix(f"lamp:{run}"), data)
            for identity, key, data in connection.execute(query)
        ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=REQUESTS, requests=REQUESTS, decided=st.booleans())
def test_one_transaction_tells_and_keeps_what_several_would(
    world: World, before: list[list[tuple[str, int]]], requests: list[list[tuple[str, int]]], decided: bool
) -> None:
    acceptor = world.engine.acceptor
    told: list[list[list[tuple[str, ...]]]] = []
    kept: list[tuple[list[tuple[str, str, object]], list[str]]] = []
    for joined in (True, False):
        run = uuid4().hex
        for request in before:
            acceptor.store([_parcel(world, request, run)])
        if decided:
            world.settle()
        checked_requests = [_parcel(world, request, run) for request in requests]
        answers = (
            acceptor.store(checked_requests)
            if joined
            else [acceptor.store([one])[0] for one in checked_requests]
        )
        told.append(_told(answers, run))
        kept.append((_ledger(world, run), _subjects(world, run)))
        assert set(kept[-1][1]) == {key for _, key, _ in kept[-1][0]}, "whom no event named is not there"
        world.settle()
    assert told[0] == told[1]
    assert kept[0] == kept[1]


def test_the_first_receipt_counts(world: World) -> None:
    """Two senders settle the same effect in one commit: as if the second had come later."""
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.advance(timedelta(seconds=3_600))
    (effect,) = world.effects()
    checked = [
        world.engine.acceptor.check([world.event("lamp.press", "lamp:2", {"level": level})])
        for level in (1, 2)
    ]
    receipts = [CheckedEvents([row._replace(effect=effect.key) for row in one.rows]) for one in checked]
    world.engine.acceptor.store(receipts)
    (effect,) = world.effects()
    assert (effect.state, effect.receipt) == ("settled", {"level": 1})


def test_what_goes_beside_new_events_is_not_written_again_for_duplicates(world: World) -> None:
    checked = world.engine.acceptor.check([world.event("lamp.press", "lamp:1", {"level": 3}, id="same")])
    written: list[Transaction] = []
    for _ in range(2):
        world.engine.acceptor.store([checked], written.append)
    assert len(written) == 1
