"""An effect that is given up moves its subject, once, whatever becomes of the dead letter later."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from state_machines.definitions.lifecycle import load
from state_machines.errors import DefinitionError
from tasks.channels.port import Notice, Receipt, Rejected, Retry
from tasks.sending.sender import NoticeSender
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import NOW, World
from workflow.engine.runtime import Runtime
from workflow.errors import NotRetryable
from workflow.maintenance.dead_letters import retry_effect
from workflow.outbox import effects as outbox
from workflow.outbox.receipts import TaskOutcome, record
from workflow.outbox.relay import Relay
from workflow.store.port import Transaction
from workflow.store.schema import events

NO_RECEIPT = "no receipt after 3 messages: does a worker consume its queue and know the task?"
LEASE = timedelta(minutes=2)


def running(world: World) -> str:
    """A job that has started; the key of its effect."""
    world.post("job.schedule", "job:J", {"task": "billing.refund", "queue": "billing"})
    world.advance(timedelta(seconds=1))
    assert world.state("job:J") == "running"
    key: str = world.effects()[-1].key
    return key


def give_up(world: World, runtime: Runtime, mailbox: Mailbox) -> None:
    """Relay until nothing is due any more, and decide what follows."""
    relay = Relay(runtime, mailbox.broker)
    while dues := [one.due_at for one in world.effects() if one.due_at is not None]:
        world.clock.move_to(max(world.clock.now(), *dues))
        relay.run()
    world.settle()


def said(world: World) -> list[dict[str, Any]]:
    """The data of all events that told of a failure."""
    query = select(events.c.data).where(events.c.type == "job.task_failed").order_by(events.c.id)
    with world.store.connect() as connection:
        return list(connection.execute(query).scalars())


def effect_id(world: World) -> int:
    row: int = world.effects()[0].id
    return row


def test_a_task_without_a_receipt_fails_its_subject_which_can_go_on(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    key = running(world)
    give_up(world, runtime, mailbox)
    assert world.effects()[0].state == "dead"
    assert said(world) == [{"error": NO_RECEIPT, "attempts": 3, "effect": key}]
    assert (world.state("job:J"), world.data("job:J")["error"]) == ("failed", NO_RECEIPT)
    world.post("job.retry", "job:J")
    record(world.engine, world.effects()[-1].key, TaskOutcome.SUCCEEDED, {"result": 17})
    world.settle()
    assert (world.state("job:J"), world.data("job:J")["result"]) == ("done", 17)


def test_given_up_again_it_says_nothing_new(world: World, runtime: Runtime, mailbox: Mailbox) -> None:
    running(world)
    for _ in range(3):
        give_up(world, runtime, mailbox)
        retry_effect(world.store, effect_id(world), world.clock.now())
    give_up(world, runtime, mailbox)
    assert (len(said(world)), world.state("job:J")) == (1, "failed")
    assert [move[0] for move in world.moves("job:J")] == ["schedule", "start", "task_failed"]


@pytest.mark.parametrize("tried_again", [True, False])
def test_one_that_ends_well_after_all_is_heard(
    world: World, runtime: Runtime, mailbox: Mailbox, tried_again: bool
) -> None:
    """Whether somebody had it tried again or its receipt only came late."""
    key = running(world)
    give_up(world, runtime, mailbox)
    if tried_again:
        retry_effect(world.store, effect_id(world), world.clock.now())
    assert record(world.engine, key, TaskOutcome.SUCCEEDED, {"result": 17}).event
    world.settle()
    assert (world.state("job:J"), world.effects()[0].state) == ("done", "settled")
    with pytest.raises(NotRetryable):
        retry_effect(world.store, effect_id(world), world.clock.now())


@pytest.mark.parametrize("tried_again", [True, False])
def test_one_that_fails_after_that_is_a_dead_letter_and_no_second_failure(
    world: World, runtime: Runtime, mailbox: Mailbox, tried_again: bool
) -> None:
    key = running(world)
    give_up(world, runtime, mailbox)
    if tried_again:
        retry_effect(world.store, effect_id(world), world.clock.now())
    assert not record(world.engine, key, TaskOutcome.FAILED, {"error": "no such account"}).event
    world.settle()
    assert (len(said(world)), world.state("job:J"), world.effects()[0].state) == (1, "failed", "dead")


def test_a_dead_letter_of_a_subject_that_has_gone_on_harms_nothing(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    first = running(world)
    give_up(world, runtime, mailbox)
    world.post("job.cancel", "job:J", {"reason": "paid by hand"})
    retry_effect(world.store, effect_id(world), world.clock.now())
    record(world.engine, first, TaskOutcome.SUCCEEDED, {"result": 17})
    world.settle()
    assert world.state("job:J") == "cancelled"
    assert world.moves("job:J")[-1] == ("task_succeeded", "cancelled", "cancelled", "stayed")


def test_workers_that_give_it_up_at_once_say_it_once(world: World) -> None:
    running(world)
    (row,) = outbox.claim(world.store, world.clock.now(), LEASE, 10)
    start = threading.Barrier(4)

    def bury() -> None:
        start.wait()
        outbox.bury(world.store, [(row.id, "gone")], NOW, outbox.Hold.relaying(row))

    threads = [threading.Thread(target=bury) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.settle()
    assert (len(said(world)), world.state("job:J")) == (1, "failed")


def test_a_worker_that_holds_it_no_more_says_nothing(world: World) -> None:
    running(world)
    (stale,) = outbox.claim(world.store, world.clock.now(), LEASE, 10)
    world.clock.advance(LEASE)
    outbox.claim(world.store, world.clock.now(), LEASE, 10)
    outbox.bury(world.store, [(stale.id, "late")], world.clock.now(), outbox.Hold.relaying(stale))
    world.settle()
    assert (said(world), world.state("job:J")) == ([], "running")


def test_it_is_said_with_the_change_or_neither_happens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    running(world)
    (row,) = outbox.claim(world.store, world.clock.now(), LEASE, 10)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with world.store.begin() as transaction:
        kind: type[Transaction] = type(transaction)
    with monkeypatch.context() as patched:
        patched.setattr(kind, "accept", killed)
        with pytest.raises(KeyboardInterrupt):
            outbox.bury(world.store, [(row.id, "gone")], world.clock.now())
    assert (world.effects()[0].state, said(world)) == ("published", [])


def test_a_task_that_names_no_trigger_is_a_dead_letter_alone(world: World) -> None:
    world.post("lamp.press", "lamp:a", {"level": 1})
    world.advance(timedelta(hours=1))
    before = world.counts()["events"]
    outbox.bury(world.store, [(effect_id(world), "gone")], world.clock.now())
    assert (world.effects()[0].state, world.counts()["events"]) == ("dead", before)


CARD = """
lifecycle: card
version: 1
data: {why: {type: string}}
triggers:
  send: {data: {to: {}}}
  undelivered: {data: {error: {type: string, required: true}}}
states: [{name: sent}, {name: lost}]
transitions:
  - trigger: send
    source: initial
    dest: sent
    effects:
      - notice: {to: =event.data.to, channel: webhook, about: nudge, title: t, words: w, failed: undelivered,
                 retry: {attempts: 2, first: PT1M}}
  - {trigger: undelivered, source: sent, dest: lost, set: {why: =event.data.error}}
"""


class Refuses:
    """A channel that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Fail."""
        raise self.error


@pytest.mark.parametrize(
    ("to", "error", "attempts", "why"),
    [
        (
            {"url": "a"},
            Rejected("webhook: answered 410 [webhook-410]"),
            1,
            "webhook: answered 410 [webhook-410]",
        ),
        (
            {"url": "a"},
            Retry("answered 503 [webhook-503]"),
            2,
            "answered 503 [webhook-503]; given up after 2 attempts",
        ),
        ({"email": "a@b.c"}, Retry("never asked"), 1, None),
    ],
)
def test_a_notice_that_cannot_be_sent_moves_its_subject_where_it_names_a_trigger(
    world: World, runtime: Runtime, to: dict[str, str], error: Exception, attempts: int, why: str | None
) -> None:
    world.engine.registry.register([(CARD, None)], NOW)
    world.post("card.send", "card:C", {"to": to})
    sender = NoticeSender(runtime, {"webhook": Refuses(error)})
    while dues := [one.due_at for one in world.effects() if one.due_at is not None]:
        world.clock.move_to(max(world.clock.now(), *dues))
        rows = outbox.claim(world.store, world.clock.now(), LEASE, 10)
        sender.run([row.id for row in rows], rows[0].token, 30.0)
    world.settle()
    (effect,) = world.effects()
    assert (effect.state, effect.attempts, world.state("card:C")) == ("dead", attempts, "lost")
    assert world.data("card:C") == {"why": effect.error}
    assert why in (None, effect.error)


def test_a_notice_names_a_trigger_that_there_is(world: World) -> None:
    with pytest.raises(DefinitionError, match=r"notice\.failed: no transition here has the trigger 'gone'"):
        load(CARD.replace("failed: undelivered", "failed: gone"))
