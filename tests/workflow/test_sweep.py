"""The sweep: what it turns over to a person, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tasks.scheduler.sweep import sweep
from tests.workflow.interrupted import Interrupted
from tests.workflow.world import NOW, World
from workflow.engine.engine import Engine
from workflow.outbox import effects as outbox
from workflow.outbox.effects import Hold
from workflow.store.port import EffectRow
from workflow.store.schema import subjects

LEASE = timedelta(minutes=2)
LETTER = """
lifecycle: letter
version: 1
triggers:
  write: {data: {about: {type: string, required: true}}}
states: [{name: written}]
transitions:
  - trigger: write
    source: initial
    dest: written
    effects:
      - notice: {to: ada@shop.example, about: news, title: News, words: It has come}
        when: event.data.about == 'news'
      - notice: {to: ada@shop.example, about: escalation, title: Take this on, words: Somebody must}
        when: event.data.about == 'escalation'
      - notice: {to: ada@shop.example, about: nudge, title: Do not forget, words: Today}
        when: event.data.about == 'nudge'
"""


@pytest.fixture
def letters(world: World) -> World:
    """A world with letters, each of which is a notice."""
    world.engine.registry.register([(LETTER, None)], NOW)
    return world


def sending(world: World) -> EffectRow:
    """The only effect that is due, claimed and begun."""
    (row,) = outbox.claim(world.store, world.clock.now(), LEASE, 10)
    with world.store.begin() as transaction:
        (begun,) = outbox.begin(transaction, [row.id], row.token, world.clock.now(), LEASE)
    return begun


def lost(world: World, about: str) -> EffectRow:
    """A letter about this, whose outcome nobody knows."""
    world.post("letter.write", f"letter:{about}", {"about": about})
    effect = sending(world)
    outbox.unknown(world.store, [(effect.id, "lost after the message")], Hold.sending(effect))
    return effect


def persons(world: World) -> list[Any]:
    """What the escalations say that a sweep has opened."""
    world.settle()
    with world.store.connect() as connection:
        opened = select(subjects.c.data).where(subjects.c.lifecycle == "escalation")
        return list(connection.execute(opened).scalars())


@pytest.mark.parametrize(("about", "told"), [("news", True), ("nudge", True), ("escalation", False)])
def test_a_lost_notice_goes_to_a_person_unless_it_was_the_word_of_an_escalation(
    letters: World, about: str, told: bool
) -> None:
    """An escalation about an escalation that nobody can be told of would have no end."""
    effect = lost(letters, about)
    assert sweep(letters.engine, letters.clock) == int(told)
    assert [one["effect"] for one in persons(letters)] == ([effect.key] if told else [])


@pytest.mark.parametrize(
    ("about", "told"), [("news", ["undelivered"]), ("nudge", ["dead_letters"]), ("escalation", [])]
)
def test_what_never_reached_a_customer_goes_to_a_person_and_what_never_reached_a_colleague_does_not(
    letters: World, about: str, told: list[str]
) -> None:
    """What a colleague never got is a dead letter like others; the word of an escalation is told by none."""
    letters.post("letter.write", "letter:L", {"about": about})
    effect = sending(letters)
    outbox.bury(letters.store, [(effect.id, "no such address")], letters.clock.now(), Hold.sending(effect))
    assert sweep(letters.engine, letters.clock) == 0
    assert [one["about"] for one in persons(letters)] == told


def test_a_send_is_abandoned_when_its_lease_is_over_and_no_sooner(letters: World) -> None:
    letters.post("letter.write", "letter:L", {"about": "news"})
    effect = sending(letters)
    letters.clock.advance(LEASE - timedelta(microseconds=1))
    assert sweep(letters.engine, letters.clock) == 0
    letters.clock.advance(timedelta(microseconds=1))
    assert sweep(letters.engine, letters.clock) == 1
    assert [one["effect"] for one in persons(letters)] == [effect.key]


def _tried_again(world: World, effect: EffectRow) -> None:
    """The worker says after all that it did not go out."""
    now, failures = world.clock.now(), [outbox.Failure(effect.id, "answered 451")]
    outbox.retry(world.store, failures, now, held=Hold.sending(effect))


def _put_off(world: World, effect: EffectRow) -> None:
    """It was not tried, and may go at once."""
    with world.store.begin() as transaction:
        outbox.defer(transaction, [(effect.id, world.clock.now(), "not now")], Hold.sending(effect))


def _begun_anew(world: World, effect: EffectRow) -> None:
    """The same, and another worker is at it by now."""
    _put_off(world, effect)
    sending(world)


@pytest.mark.parametrize(
    ("meanwhile", "state"),
    [(_tried_again, "pending"), (_put_off, "pending"), (_begun_anew, "sending")],
)
def test_a_send_that_goes_on_while_the_sweep_looks_is_not_given_up(
    letters: World, meanwhile: Callable[[World, EffectRow], None], state: str
) -> None:
    """What was found without a lock is asked again under it."""
    letters.post("letter.write", "letter:L", {"about": "news"})
    effect = sending(letters)
    letters.clock.advance(LEASE)
    interrupted = Interrupted(letters.store, lambda: meanwhile(letters, effect))
    engine = Engine(interrupted, letters.engine.registry, letters.clock)
    assert sweep(engine, letters.clock) == 0
    (row,) = letters.effects()
    assert row.state == state
    assert persons(letters) == []
