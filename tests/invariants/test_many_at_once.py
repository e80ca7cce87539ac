"""Invariant 7: any number of workers, clocks and doors at once; each event and each timer once, in order.

On PostgreSQL, where they really are at once: SQLite has one writer at a time.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, text

from state_machines.errors import StateMachineError
from tests.invariants.contents import contents
from tests.invariants.crowd import Crowd
from tests.waiting import wait_until
from tests.workflow.world import NOW, World, new_world
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.registry import Registry
from workflow.errors import DefinitionChanged
from workflow.outbox import effects as outbox
from workflow.store import migrate, open_store, postgresql_statements
from workflow.store.postgresql_statements import CLAIM_EVENTS, CLAIM_TIMERS
from workflow.store.schema import inbox, subjects

COUNTER = """
lifecycle: counter
version: 1
triggers:
  open: {}
  count: {data: {by: {type: string, required: true}, number: {type: integer, required: true}}}
  tick: {}
states:
  - name: counting
    timeouts:
      entry: {every: PT1M, on_timeout: tick}
      once: {after: PT5M, on_timeout: tick}
transitions:
  - {trigger: open, source: initial, dest: counting, set: {seen: [], ticks: 0}}
  - trigger: count
    source: counting
    set: {seen: "=data.seen + [event.data.by + ' ' + string(event.data.number)]"}
    effects:
      - emit: {to: "='counter:shared-' + string(event.data.number % 3)", trigger: open}
      - notice: {to: a@b.example, title: t, words: w}
  - {trigger: count, source: '*', dest: '='}
  - {trigger: tick, source: counting, set: {ticks: =data.ticks + 1}}
  - {trigger: open, source: counting}
"""
HOT = [f"counter:hot-{number}" for number in range(4)]
SENDERS, BATCHES, MINUTES = ("Ada", "Bo"), 30, 12


@pytest.fixture
def world(postgres_url: str) -> Iterator[World]:
    """With a lifecycle that writes down in which order it was told what."""
    world = new_world(postgres_url, COUNTER)
    yield world
    world.store.close()


def send(world: World, sender: str) -> None:
    """Batches over all hot subjects, each sent twice; every sender goes through the subjects another way."""
    keys: Sequence[str] = HOT if sender == SENDERS[0] else HOT[::-1]
    for number in range(BATCHES):
        batch = [
            CloudEvent(
                f"{sender}/{key}/{number}",
                f"/{sender}",
                "counter.count",
                key,
                NOW,
                {"by": sender, "number": number},
            )
            for key in keys
        ]
        world.engine.accept(batch)
        world.engine.accept(batch)


def test_workers_clocks_and_senders_on_the_same_subjects(world: World) -> None:
    world.engine.accept([world.event("counter.open", key) for key in HOT])
    world.settle()
    crowd = Crowd()
    for limit in (7, 3, 50):
        crowd.again_and_again(lambda limit=limit: world.engine.apply(limit))
    crowd.again_and_again(lambda: world.engine.fire(3))
    crowd.again_and_again(lambda: world.engine.fire(50))
    senders = [crowd.once(lambda name=name: send(world, name)) for name in SENDERS]
    for _ in range(MINUTES):
        world.clock.advance(timedelta(minutes=1))
        threading.Event().wait(0.05)  # so that the minutes fall among the batches
    for sender in senders:
        sender.join(30)
    wait_until(
        lambda: not contents(world.store)["inbox"] or bool(crowd.faults), seconds=60, what="an empty inbox"
    )
    crowd.finish()
    while world.engine.fire().decided or world.engine.apply().decided:
        pass

    found = contents(world.store)
    assert len(found["events"]) == len(HOT) + len(HOT) * len(SENDERS) * BATCHES * 2
    for key in HOT:
        seen = world.data(key)["seen"]
        for sender in SENDERS:
            mine = [one for one in seen if one.startswith(sender)]
            assert mine == [f"{sender} {number}" for number in range(BATCHES)], "each once and in order"
        rebuilt = world.rebuilt(key)
        assert (rebuilt.data, rebuilt.state) == (world.data(key), world.state(key))
    causes = Counter(move["cause"] for move in found["moves"] if move["timer"] is None)
    assert set(causes.values()) == {1}, "no event is decided twice"
    fired = [move for move in found["moves"] if move["timer"] is not None]
    settings = Counter((move["subject"], move["timer"], move["setting"]) for move in fired)
    assert set(settings.values()) == {1}, "no setting of a timer fires twice"
    assert {move["subject"] for move in fired} >= set(HOT)
    assert all(move["at"] >= move["due_at"] for move in fired), "none fires early"
    numbers = sorted((move["subject"], move["seq"]) for move in found["moves"])
    assert all(b == a + 1 or b == 1 for (_, a), (_, b) in pairwise(numbers)), "the ledger has no gaps"


def test_relays_and_workers_never_take_the_same_effect(world: World) -> None:
    world.engine.accept([world.event("counter.open", HOT[0])])
    world.engine.accept(
        [world.event("counter.count", HOT[0], {"by": "Ada", "number": number}) for number in range(120)]
    )
    world.settle()
    lease, begun = timedelta(minutes=2), list[int]()

    def relay_and_send() -> None:
        rows = outbox.claim(world.store, world.clock.now(), lease, 7)
        for row in rows:
            for _ in range(2):  # a message that comes twice
                with world.store.begin() as transaction:
                    taken = outbox.begin(transaction, [row.id], row.token, world.clock.now(), lease)
                begun.extend(one.id for one in taken)
        outbox.settle(world.store, [(row.id, {}) for row in reversed(rows)], world.clock.now())

    crowd = Crowd()
    for _ in range(3):
        crowd.again_and_again(relay_and_send)
    settled = lambda: all(effect.state == "settled" for effect in world.effects())  # noqa: E731
    wait_until(lambda: settled() or bool(crowd.faults), seconds=60, what="all effects to be settled")
    crowd.finish()
    assert set(Counter(begun).values()) == {1}
    assert len(begun) == len(world.effects()) == 120


def test_processes_that_start_at_once_register_the_same_definitions(postgres_url: str) -> None:
    migrate(postgres_url)
    stores = [open_store(postgres_url) for _ in range(4)]
    together, crowd = threading.Barrier(len(stores)), Crowd()

    def start(store: object) -> None:
        registry = Registry(store)  # type: ignore[arg-type]
        together.wait(30)
        registry.register(catalog_sources(), NOW)

    threads = [crowd.once(lambda store=store: start(store)) for store in stores]
    for thread in threads:
        thread.join(60)
    crowd.finish()
    late = Registry(stores[0])
    with pytest.raises((DefinitionChanged, StateMachineError)):
        late.register([(catalog_sources()[0][0] + "\n# another text", None)], NOW)
    for store in stores:
        store.close()


def asleep(world: World) -> bool:
    """Whether somebody pauses in PostgreSQL right now."""
    with world.store.connect() as connection:
        found = connection.execute(text("select 1 from pg_stat_activity where wait_event = 'PgSleep'"))
        return found.first() is not None


def test_a_subject_that_gets_free_half_way_through_a_claim_keeps_its_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim passes by a locked subject's first event; were it to take the second, order would be lost.

    The claim's own statement, with a pause after its first row in which the subject gets free.
    """
    world.engine.accept([world.event("counter.open", HOT[0])])
    world.settle()
    world.engine.accept(
        [world.event("counter.count", HOT[0], {"by": "Ada", "number": number}) for number in range(3)]
    )
    with world.store.connect() as connection:
        first = connection.execute(select(func.min(inbox.c.event_id))).scalar_one()
    pausing = f"where (i.event_id <= {first} or pg_sleep(0.5) is not null) and "
    monkeypatch.setattr(postgresql_statements, "CLAIM_EVENTS", CLAIM_EVENTS.replace("where ", pausing, 1))
    crowd, told = Crowd(), list[int]()

    def claim() -> None:
        with world.store.begin() as transaction:
            for plan in ("sort", "hashjoin", "seqscan", "bitmapscan"):
                transaction.connection.execute(text(f"set local enable_{plan} = off"))
            claim = transaction.claim_events(10)
            told.extend(work.event.data["number"] for work in claim.work)

    with world.store.begin() as holder:
        holder.connection.execute(select(subjects.c.id).with_for_update())
        claiming = crowd.once(claim)
        wait_until(lambda: asleep(world) or bool(crowd.faults), seconds=60, what="the pause in the claim")
    claiming.join(20)
    crowd.finish()
    assert told == [0, 1, 2]


def test_a_timer_set_anew_under_a_claim_is_not_claimed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim's own statement, with a pause between its look at the timers and its hold of the subject."""
    world.engine.accept([world.event("counter.open", HOT[0])])
    world.settle()
    world.clock.advance(timedelta(minutes=2))
    place = "= waiting.lifecycle and "
    assert CLAIM_TIMERS.count(place) == 1
    pausing = CLAIM_TIMERS.replace(place, f"{place}pg_sleep(0.5) is not null and ")
    monkeypatch.setattr(postgresql_statements, "CLAIM_TIMERS", pausing)
    crowd, told = Crowd(), list[str | None]()

    def claim() -> None:
        with world.store.begin() as transaction:
            claim = transaction.claim_timers(world.clock.now(), 10)
            told.extend(work.event.timer for work in claim.work)

    claiming = crowd.once(claim)
    wait_until(lambda: asleep(world) or bool(crowd.faults), seconds=60, what="the pause in the claim")
    with world.store.begin() as transaction:
        anew = "update timers set setting = 9, due_at = due_at + interval '1 hour' where name = 'entry'"
        transaction.connection.execute(text(anew))
    claiming.join(20)
    crowd.finish()
    assert told == []
