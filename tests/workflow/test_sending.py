"""Notices that go along with one: those that nobody is sending and that are not done with."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from tests.workflow.world import NOW, World
from workflow.outbox import effects as outbox
from workflow.outbox import notices as sending
from workflow.outbox.effects import Hold
from workflow.store.port import EffectRow
from workflow.store.schema import outbox as effects

LEASE = timedelta(minutes=2)
LETTER = """
lifecycle: letter
version: 1
triggers: {write: {}}
states: [{name: written}]
transitions:
  - trigger: write
    source: initial
    dest: written
    effects: [{notice: {to: ada@shop.example, about: news, title: News, words: It has come}}]
"""


def letters(world: World, *names: str) -> list[EffectRow]:
    """A notice each, claimed by a relay."""
    world.engine.registry.register([(LETTER, None)], NOW)
    for name in names:
        world.post("letter.write", f"letter:{name}")
    return outbox.claim(world.store, NOW, LEASE, len(names))


def test_what_waits_goes_along_and_what_somebody_is_sending_or_has_sent_does_not(world: World) -> None:
    first, published, waiting, sent, unknown = letters(world, "first", "published", "waiting", "sent", "lost")
    outbox.release(world.store, [waiting], NOW, "no broker")
    outbox.settle(world.store, [(sent.id, {})], NOW)
    outbox.unknown(world.store, [(unknown.id, "lost")], Hold.relaying(unknown))
    world.post("letter.write", "letter:busy")
    (busy,) = outbox.claim(world.store, NOW, LEASE, 10)[-1:]
    with world.store.begin() as transaction:
        outbox.begin(transaction, [busy.id], busy.token, NOW, LEASE)
    others = [one.id for one in (published, waiting, sent, unknown, busy)]
    with world.store.begin() as transaction:
        joined = sending.join(transaction, others, first.token, NOW, LEASE)
    assert sorted(one.id for one in joined) == sorted([published.id, waiting.id])
    assert {one.token for one in joined} == {first.token}
    with world.store.connect() as connection:
        row = connection.execute(
            select(effects.c.state, effects.c.token).where(effects.c.id == busy.id)
        ).one()
    assert tuple(row) == ("sending", busy.token)
