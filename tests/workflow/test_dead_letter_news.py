"""Dead letters reach a person: each once, many together, and never because of their own telling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.workflow.interrupted import Interrupted
from tests.workflow.world import NOW, World
from workflow.engine.engine import Engine
from workflow.maintenance.dead_letters import retry_event
from workflow.maintenance.discards import discard_event
from workflow.queries.dead_letters import first_dead_letters
from workflow.recovery.dead_letter_news import KEY, PAUSE, tell_of_dead_letters
from workflow.store.schema import inbox, subjects, told_letters

TRAP = """
lifecycle: trap
version: 1
triggers: {arm: {}, spring: {data: {who: {type: string}}}, snap: {}}
states: [{name: armed, timeout: PT1H, on_timeout: snap}]
transitions:
  - {trigger: arm, source: initial, dest: armed}
  - {trigger: spring, source: armed, set: {x: "=int(event.data.?who.orValue('nobody'))"}}
  - {trigger: snap, source: armed, set: {x: =int(subject.key)}}
"""


@pytest.fixture
def traps(world: World) -> World:
    """A world with an armed trap: whatever springs it is a dead letter."""
    world.engine.registry.register([(TRAP, None)], NOW)
    world.post("trap.arm", "trap:1")
    return world


def sprung(world: World, number: int = 1) -> int:
    """So many dead events more; the row of the last."""
    for _ in range(number):
        world.post("trap.spring", "trap:1", {"who": "Ada Lovelace"})
    return first_dead_letters(world.store).events[-1].id


def told(world: World) -> list[str]:
    """What the escalations about dead letters say."""
    world.settle()
    opened = select(subjects.c.data).where(subjects.c.key.startswith(KEY)).order_by(subjects.c.id)
    with world.store.connect() as connection:
        return [data["words"] for data in connection.scalars(opened)]


def sweep(world: World) -> int:
    """How many were told of now."""
    return tell_of_dead_letters(world.engine, world.clock.now())


def test_a_dead_letter_is_told_once_by_cause_and_without_data(traps: World) -> None:
    sprung(traps)
    assert [sweep(traps), sweep(traps)] == [1, 0]
    traps.clock.advance(PAUSE)
    assert sweep(traps) == 0
    (words,) = told(traps)
    assert words.startswith("1 dead letter: 1 x event trap.spring [ExpressionError]. ")
    assert "/operate" in words and "Ada" not in words


def test_many_are_told_together_and_the_next_after_a_pause(traps: World) -> None:
    sprung(traps, 3)
    assert sweep(traps) == 3
    sprung(traps, 2)
    traps.clock.advance(PAUSE - timedelta(microseconds=1))
    assert sweep(traps) == 0
    sprung(traps, 2)
    traps.clock.advance(timedelta(microseconds=1))
    assert sweep(traps) == 4
    assert [words.partition(" dead")[0] for words in told(traps)] == ["3", "4"]


def test_a_timer_is_told_too(traps: World) -> None:
    traps.advance(timedelta(hours=1))
    assert sweep(traps) == 1
    assert "1 x timer trap.armed [ExpressionError]" in told(traps)[0]


def test_what_was_retried_or_discarded_before_is_not_told(traps: World) -> None:
    first, second = sprung(traps), sprung(traps)
    retry_event(traps.store, first)
    discard_event(traps.store, second, "a trap", "op", traps.clock.now())
    assert sweep(traps) == 0


def test_what_dies_anew_is_told_anew(traps: World) -> None:
    row = sprung(traps)
    assert sweep(traps) == 1
    traps.clock.advance(PAUSE)
    retry_event(traps.store, row)
    assert sweep(traps) == 0
    traps.settle()
    assert sweep(traps) == 1
    assert len(told(traps)) == 2


def test_two_sweeps_at_once_tell_once(traps: World) -> None:
    sprung(traps)
    meanwhile: list[int] = []
    interrupted = Interrupted(traps.store, lambda: meanwhile.append(sweep(traps)))
    engine = Engine(interrupted, traps.engine.registry, traps.clock)
    assert (tell_of_dead_letters(engine, traps.clock.now()), meanwhile) == (0, [1])
    assert len(told(traps)) == 1


def test_killed_before_the_commit_it_is_told_by_the_next_sweep(traps: World, monkeypatch: Any) -> None:
    sprung(traps)
    with monkeypatch.context() as patch:
        patch.setattr("workflow.recovery.dead_letter_news.insert", _killed)
        with pytest.raises(KeyboardInterrupt):
            sweep(traps)
    assert told(traps) == []
    assert sweep(traps) == 1
    assert len(told(traps)) == 1


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_dead_letter_of_the_escalation_itself_is_not_told(traps: World) -> None:
    """Else each telling would cause the next."""
    sprung(traps)
    sweep(traps)
    traps.engine.apply()
    with traps.store.begin() as transaction:
        connection = transaction.connection
        connection.execute(update(subjects).where(subjects.c.key.startswith(KEY)).values(state="nowhere"))
    traps.post("escalation.acknowledge", f"{KEY}1", {"by": "sam@shop.example"})
    with traps.store.connect() as connection:
        dead = connection.scalars(select(inbox.c.error).where(inbox.c.dead_at.is_not(None))).all()
        known = connection.scalars(select(told_letters.c.letter)).all()
    assert len(dead) > 1 and len(known) == 1
    traps.clock.advance(PAUSE)
    assert sweep(traps) == 0
