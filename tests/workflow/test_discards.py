"""An operator drops what is not decided, on the record; a race with its decision has one end."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from state_machines.decide import decide
from tests.workflow.interrupted import Interrupted
from tests.workflow.world import World
from workflow.engine import deciding
from workflow.errors import NotFound, NotRetryable
from workflow.maintenance.dead_letters import retry_event
from workflow.maintenance.discards import discard_event, discard_timer
from workflow.queries.dead_letters import first_dead_letters
from workflow.queries.event_outcomes import event_outcome, event_row
from workflow.queries.history import history
from workflow.store.schema import discards


def waiting(world: World, subject: str = "lamp:1") -> int:
    """The row of an accepted event that nobody has decided."""
    event = world.event("lamp.press", subject, {"level": 3})
    world.engine.accept([event])
    row = event_row(world.store, event.source, event.id)
    assert row is not None
    return row


def drop(world: World, row: int) -> str:
    """Drop it; what it is then."""
    return discard_event(world.store, row, "sent by mistake", "ops", world.clock.now()).outcome


def test_a_pending_event_is_never_decided_and_the_record_says_why(world: World) -> None:
    row, kept = waiting(world), waiting(world, "lamp:2")
    assert drop(world, row) == "discarded"
    world.settle()
    assert (world.state("lamp:1"), world.state("lamp:2")) == ("initial", "on")
    found = event_outcome(world.store, "/crm", "e1")
    assert found is not None and found.decided_at == world.clock.now()
    assert (found.outcome, found.reason, found.dest, found.seq) == (
        "discarded",
        "sent by mistake",
        None,
        None,
    )
    (entry,) = history(world.store, "lamp:1").timeline
    assert (entry["outcome"], entry["reason"]) == ("discarded", "sent by mistake")
    with world.store.connect() as connection:
        (noted,) = connection.execute(select(discards)).all()
    assert (noted.event_id, noted.discarded_by, noted.error) == (row, "ops", None)
    with pytest.raises(NotRetryable, match=f"event {kept}: it is decided: moved"):
        drop(world, kept)
    with pytest.raises(NotRetryable, match="was discarded before"):
        drop(world, row)
    with pytest.raises(NotFound):
        drop(world, 10**6)


def test_the_same_event_again_is_a_duplicate_that_was_discarded(world: World) -> None:
    event = world.event("lamp.press", "lamp:1", {"level": 3})
    world.engine.accept([event])
    drop(world, 1)
    (answer,) = world.engine.accept([event])
    assert (answer.status, answer.outcome, answer.reason) == ("duplicate", "discarded", "sent by mistake")


def test_a_dead_event_and_a_dead_timer_are_dropped_with_what_was_wrong_with_them(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.post("lamp.fail", "lamp:1")
    (dead,) = first_dead_letters(world.store).events
    assert drop(world, dead.id) == "discarded"
    with pytest.raises(NotRetryable):
        retry_event(world.store, dead.id)
    with pytest.raises(NotRetryable, match="not a dead letter"):
        discard_timer(world.store, "lamp:1", "on", "no", "ops", world.clock.now())
    for subject, name in (("lamp:1", "nothing"), ("lamp:none", "on")):
        with pytest.raises(NotFound):
            discard_timer(world.store, subject, name, "no", "ops", world.clock.now())
    with world.store.connect() as connection:
        assert connection.scalar(select(discards.c.error)) == dead.error


def test_a_decision_of_the_same_moment_wins_or_loses_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision holds its subject while it is dropped: the answer says that it was decided."""
    row = waiting(world)
    claimed = threading.Event()
    told: list[str] = []

    def drop_meanwhile() -> None:
        claimed.wait(10)
        try:
            told.append(drop(world, row))
        except NotRetryable as error:
            told.append(str(error))

    other = threading.Thread(target=drop_meanwhile)

    def decide_slowly(*about: Any, **asking: bool) -> Any:
        claimed.set()
        other.join(0.2)
        assert told == [], "it waits for the decision"
        return decide(*about, **asking)

    monkeypatch.setattr(deciding, "decide", decide_slowly)
    other.start()
    world.engine.apply()
    other.join(60)
    assert told == [f"event {row}: it is decided: moved"]
    assert world.state("lamp:1") == "on"


def test_dropped_just_before_the_claim_it_is_not_decided(world: World) -> None:
    row = waiting(world)
    world.engine.store = Interrupted(world.store, lambda: drop(world, row))
    assert world.engine.apply().decided == 0
    assert world.state("lamp:1") == "initial"


def test_the_ledger_tells_the_same_states_with_and_without_what_was_dropped(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3})
    drop(world, waiting(world))
    world.advance(timedelta(minutes=1))
    assert world.rebuilt("lamp:1").state == world.state("lamp:1") == "on"
