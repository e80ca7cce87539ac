"""The relay: every due effect becomes a message, once a claim, and none is lost when the broker is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tasks.scheduler.sweep import sweep
from tests.tasks.mailbox import Mailbox
from tests.tasks.outgoing import escalations
from tests.workflow.world import NOW, World
from workflow.broker.app import celery_app
from workflow.broker.client import Broker, task_id
from workflow.broker.task_names import LATER_QUEUE, SEND
from workflow.engine.runtime import Runtime
from workflow.errors import BrokerUnreachable
from workflow.maintenance.dead_letters import retry_effect
from workflow.outbox.receipt_signatures import ReceiptSignatures
from workflow.outbox.relay import NOTICES_PER_MESSAGE, Relay
from workflow.settings import Settings
from workflow.store.port import EffectRow

REFUND = """
edition: 2
lifecycle: refund
version: 1
triggers: {pay: {}}
states: [paid]
transitions:
  - {trigger: pay, source: initial, dest: paid, effects: [{task: {name: bank.transfer, repeat: ask}}]}
"""
PROMISE = {"words": "We call back", "owner": "sam@example.com"}


def burnt_out(world: World) -> None:
    """A lamp whose effect is a task of the shop."""
    world.post("lamp.press", "lamp:L", {"level": 3})
    world.advance(timedelta(hours=1))


def nudged(world: World, count: int) -> None:
    """So many promises, each with a notice to its owner."""
    data = PROMISE | {"due_at": (NOW + timedelta(hours=1)).isoformat(), "warn_before": "PT30M"}
    world.engine.accept([world.event("promise.make", f"promise:{n:02}", data) for n in range(count)])
    world.settle()
    world.advance(timedelta(minutes=30))


def test_a_task_is_one_message_with_everything_its_worker_and_its_receipt_need(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    burnt_out(world)
    relayed = Relay(runtime, mailbox.broker).run()
    assert (relayed.published, relayed.subjects, relayed.more) == (1, ("lamp:L",), False)
    (message,) = mailbox.take("shop")
    assert (message.task, message.args, message.kwargs) == ("shop.order_bulb", [], {"lamp": "lamp:L"})
    assert message.headers["makegood-effect"] == "lamp:L/2/0"
    assert message.headers["id"] == task_id("lamp:L/2/0")
    assert (message.headers["argsrepr"], message.headers["kwargsrepr"]) == ("(lamp:L)", "{}")
    assert (message.headers["eta"], message.headers["expires"]) == (None, None)
    for name, field in (
        ("makegood.receipts.succeeded", "callbacks"),
        ("makegood.receipts.failed", "errbacks"),
    ):
        (callback,) = message.embedded[field]
        key, signature = callback["args"]
        assert (callback["task"], key) == (name, "lamp:L/2/0")
        assert ReceiptSignatures(runtime.store, runtime.clock).genuine(name, key, signature)
        options = callback["options"]
        assert (options["exchange"], options["routing_key"]) == ("", "makegood.soon")
        assert (options["queue"], options["serializer"]) == ("shop", "json"), "which its worker knows"


def test_notices_travel_as_ids_in_batches_and_say_nothing_of_what_they_say(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    nudged(world, NOTICES_PER_MESSAGE + 1)
    assert Relay(runtime, mailbox.broker).run().published == NOTICES_PER_MESSAGE + 1
    first, second = mailbox.take(LATER_QUEUE)
    assert (first.task, second.task) == (SEND, SEND)
    assert first.args[0] + second.args[0] == [effect.id for effect in world.effects()]
    assert {effect.token for effect in world.effects()} == {first.args[1], second.args[1]}
    assert first.headers["argsrepr"] == "(promise:00, promise:01, promise:02, promise:03, promise:04, ...)"
    assert "sam@example.com" not in repr(first)


def test_what_was_relayed_is_not_relayed_again_while_its_lease_holds(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    nudged(world, 1)
    relay = Relay(runtime, mailbox.broker)
    assert [relay.run().published, relay.run().published] == [1, 0]
    world.clock.advance(timedelta(seconds=runtime.settings.lease_seconds))
    assert relay.run().published == 1
    old, new = mailbox.take(LATER_QUEUE)
    assert old.args[0] == new.args[0]
    assert old.args[1] != new.args[1], "a new token, so that the old message is a no-op"


def test_without_a_broker_effects_wait_and_no_attempt_is_counted(world: World, runtime: Runtime) -> None:
    burnt_out(world)
    nowhere = Broker(celery_app(Settings(broker_url="redis://127.0.0.1:1/0")))
    assert Relay(runtime, nowhere).run().published == 0
    (effect,) = world.effects()
    assert (effect.state, effect.attempts) == ("pending", 0)
    assert effect.due_at > world.clock.now()
    assert "broker" in effect.error


def test_what_was_claimed_by_a_commit_without_an_answer_is_sent_and_no_attempt_is_counted(
    world: World, runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.engine.registry.register([(REFUND, None)], NOW)
    world.post("refund.pay", "refund:1", {})
    begin, left = world.store.begin, ["lost"]

    @contextmanager
    def losing() -> Iterator[Any]:
        with begin() as transaction:
            yield transaction
        if left:
            raise OperationalError("commit", {}, Exception(left.pop()))

    relay = Relay(runtime, mailbox.broker)
    with monkeypatch.context() as network, pytest.raises(OperationalError):
        network.setattr(world.store, "begin", losing)
        relay.run()
    (effect,) = world.effects()
    assert (effect.state, effect.attempts) == ("pending", 0)
    assert relay.run().published == 1, "and nobody is asked whether it was sent"


def test_a_task_without_a_receipt_is_sent_again_ever_later_and_given_up_in_the_end(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    burnt_out(world)
    relay = Relay(runtime, mailbox.broker)
    lease = timedelta(seconds=runtime.settings.lease_seconds)
    leases = []
    for _ in range(runtime.settings.max_attempts):
        assert relay.run().published == 1
        (effect,) = world.effects()
        leases.append(effect.due_at - world.clock.now())
        world.clock.move_to(effect.due_at)
    assert leases == [lease, 2 * lease, 4 * lease]
    relay.run()
    (effect,) = world.effects()
    assert (effect.state, effect.due_at) == ("dead", None)
    assert "no receipt after 3 messages" in effect.error
    messages = mailbox.take("shop")
    assert len(messages) == runtime.settings.max_attempts
    assert len({message.headers["id"] for message in messages}) == 1, "always the same task id"


def test_a_task_that_must_not_be_repeated_unasked_goes_to_a_person_where_no_receipt_comes(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    world.engine.registry.register([(REFUND, None)], NOW)
    world.post("refund.pay", "refund:R")
    relay = Relay(runtime, mailbox.broker)
    assert relay.run().published == 1
    world.clock.advance(timedelta(seconds=runtime.settings.lease_seconds + 1))
    relay.run()
    (effect,) = world.effects()
    assert (effect.state, effect.attempts) == ("unknown", 2)
    assert "not to be sent again unasked" in effect.error
    sweep(world.engine, world.clock)
    world.settle()
    (asked,) = escalations(world, "unknown_outcome")
    assert asked.data["effect"] == "refund:R/1/0"
    assert "Nobody knows whether the task bank.transfer was carried out" in asked.data["words"]
    world.clock.advance(timedelta(days=30))
    assert relay.run().published == 0, "never again by itself"
    assert len(mailbox.take("celery")) == 1

    retry_effect(world.store, effect.id, world.clock.now())
    assert relay.run().published == 1, "a person's word"
    world.clock.advance(timedelta(seconds=runtime.settings.lease_seconds + 1))
    relay.run()
    (effect,) = world.effects()
    assert effect.state == "unknown", "and only once for each"


def test_a_job_says_itself_whether_it_may_be_sent_again(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    for repeat in ("ask", "safe"):
        said = {"task": "bank.transfer", "queue": "shop", "repeat": repeat}
        world.post("job.schedule", f"job:{repeat}", said)
    world.post("job.schedule", "job:left-out", {"task": "bank.transfer", "queue": "shop"})
    world.advance(timedelta())
    relay = Relay(runtime, mailbox.broker)
    assert relay.run().published == 3
    world.clock.advance(timedelta(seconds=runtime.settings.lease_seconds + 1))
    relay.run()
    states = {effect.key.partition("/")[0]: effect.state for effect in world.effects()}
    assert states == {"job:ask": "unknown", "job:safe": "published", "job:left-out": "published"}
    assert len(mailbox.take("shop")) == 5


class LostAfterwards(Broker):
    """A broker whose connection is lost when it has taken a task's message, before it could say so."""

    def run_tasks(self, effects: Sequence[EffectRow], sign: Callable[[str, str], str]) -> None:
        super().run_tasks(effects, sign)
        raise BrokerUnreachable("lost")


def test_a_broker_that_is_lost_over_a_message_that_must_not_be_doubled_leaves_it_to_a_person(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    for repeat in ("ask", "safe"):
        said = {"task": "bank.transfer", "queue": "shop", "repeat": repeat}
        world.post("job.schedule", f"job:{repeat}", said)
    world.advance(timedelta())
    assert Relay(runtime, LostAfterwards(mailbox.app)).run().published == 0
    world.clock.advance(timedelta(minutes=1))
    assert Relay(runtime, mailbox.broker).run().published == 1
    states = {effect.key.partition("/")[0]: effect.state for effect in world.effects()}
    assert states == {"job:ask": "unknown", "job:safe": "published"}
    assert len(mailbox.take("shop")) == 2


def test_without_a_broker_what_must_not_be_doubled_waits_too(world: World, runtime: Runtime) -> None:
    world.post("job.schedule", "job:ask", {"task": "bank.transfer", "repeat": "ask"})
    world.advance(timedelta())
    nowhere = Broker(celery_app(Settings(broker_url="redis://127.0.0.1:1/0")))
    assert Relay(runtime, nowhere).run().published == 0
    (effect,) = world.effects()
    assert (effect.state, effect.attempts) == ("pending", 0)
