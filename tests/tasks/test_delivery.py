"""Delivery: what becomes of a notice, by what its channel says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tasks.channels.port import Channel, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from tests.workflow.world import NOW, World
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.store.schema import subjects

CUSTOMER = {"name": "Ada", "email": "ada@example.com"}
PATIENT = 30.0
"""Seconds for a run: whatever the machine, nothing is left for the next."""


class Channels:
    """A channel that answers as it is told, and remembers what it was given."""

    def __init__(self, answer: Exception | None = None) -> None:
        self.answer = answer
        self.sent: list[tuple[Notice, str]] = []

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Answer as told."""
        self.sent.append((notice, idempotency_key))
        if self.answer is not None:
            raise self.answer
        return Receipt(notice.channel, "M-1", "250")

    def table(self) -> Mapping[str, Channel]:
        """As the carrier of email."""
        return {"email": self}


def lapsed(world: World, customer: Mapping[str, Any] = CUSTOMER) -> None:
    """A broken promise: the customer is to hear of it now."""
    data = {"words": "We call back", "owner": "", "due_at": (NOW + timedelta(hours=1)).isoformat()}
    world.post("promise.make", "promise:P", data | {"customer": dict(customer)})
    world.advance(timedelta(hours=1))


def deliver(world: World, runtime: Runtime, channels: Channels) -> Any:
    """Claim what is due and deliver it; the row afterwards."""
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    delivered = NoticeSender(runtime, channels.table()).run([row.id for row in rows], rows[0].token, PATIENT)
    assert delivered.left == ()
    return next(effect for effect in world.effects() if "broken_promise" in str(effect.payload))


def test_a_notice_that_went_out_is_settled_with_its_receipt(world: World, runtime: Runtime) -> None:
    lapsed(world)
    channels = Channels()
    effect = deliver(world, runtime, channels)
    assert (effect.state, effect.due_at, effect.attempts) == ("settled", None, 1)
    assert effect.receipt == {
        "channel": "email",
        "reference": "M-1",
        "answer": "250",
        "outcome": "accepted",
    }
    ((notice, key),) = channels.sent
    assert (key, notice.key, notice.subject) == (effect.key, effect.key, "promise:P")
    assert (notice.to, notice.about) == (CUSTOMER, "broken_promise")


def test_a_message_that_comes_twice_sends_once(world: World, runtime: Runtime) -> None:
    lapsed(world)
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    channels = Channels()
    delivery = NoticeSender(runtime, channels.table())
    ids = [row.id for row in rows]
    assert [delivery.run(ids, rows[0].token, PATIENT).taken for _ in range(2)] == [1, 0]
    assert delivery.run(ids, "another token", PATIENT).taken == 0
    assert len(channels.sent) == 1


def test_a_passing_fault_is_tried_again_later_and_buried_after_the_last_attempt(
    world: World, runtime: Runtime
) -> None:
    lapsed(world)
    channels = Channels(Retry("mail server: answered 451"))
    for attempt in (1, 2):
        effect = deliver(world, runtime, channels)
        assert (effect.state, effect.attempts, effect.error) == (
            "pending",
            attempt,
            "mail server: answered 451",
        )
        assert effect.due_at > world.clock.now()
        world.clock.move_to(effect.due_at)
    effect = deliver(world, runtime, channels)
    assert (effect.state, effect.attempts, effect.due_at) == ("dead", 3, None)


def test_who_asks_to_be_left_alone_is_left_alone_for_that_long(world: World, runtime: Runtime) -> None:
    """Longer than any back-off of ours."""
    lapsed(world)
    effect = deliver(world, runtime, Channels(Retry("sms: answered 429", after=2000.0)))
    assert (effect.state, effect.due_at) == ("pending", world.clock.now() + timedelta(seconds=2000))


def test_who_asks_for_less_than_our_back_off_is_not_hurried(world: World, runtime: Runtime) -> None:
    lapsed(world)
    effect = deliver(world, runtime, Channels(Retry("sms: answered 429", after=0.001)))
    shortest = runtime.retries.backoff.first / 2
    assert effect.due_at >= world.clock.now() + timedelta(seconds=shortest)


def test_what_can_never_go_out_is_dead_at_once(world: World, runtime: Runtime) -> None:
    lapsed(world)
    effect = deliver(world, runtime, Channels(Rejected("to.email: no address")))
    assert (effect.state, effect.attempts, effect.error) == ("dead", 1, "to.email: no address")


@pytest.mark.parametrize("fault", [OutcomeUnknown("lost after the message"), ZeroDivisionError()])
def test_an_unknown_outcome_goes_to_a_person_and_is_never_sent_again(
    world: World, runtime: Runtime, fault: Exception
) -> None:
    lapsed(world)
    channels = Channels(fault)
    effect = deliver(world, runtime, channels)
    assert (effect.state, effect.due_at) == ("unknown", None)
    sweep(world.engine, world.clock)
    sweep(world.engine, world.clock)
    world.settle()
    assert world.state(f"escalation:effect-{effect.id}-{effect.token[:8]}") == "notified"
    with world.store.connect() as connection:
        opened = connection.execute(select(subjects.c.key).where(subjects.c.lifecycle == "escalation"))
        assert len(opened.all()) == 2, "the promise's own escalation and one for this notice"
    world.clock.advance(timedelta(days=30))
    assert outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100) == []
    assert len(channels.sent) == 1


def test_a_channel_that_nobody_carries_is_a_dead_letter(world: World, runtime: Runtime) -> None:
    lapsed(world)
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    NoticeSender(runtime, {}).run([row.id for row in rows], rows[0].token, PATIENT)
    (effect,) = world.effects()
    assert effect.state == "dead"
    assert "no-channel" in effect.error


def test_a_notice_waits_for_the_end_of_the_customers_quiet_hours(world: World, runtime: Runtime) -> None:
    """It lapses at 12:00 in Berlin; nobody is to be told anything before half past one."""
    lapsed(world, CUSTOMER | {"zone": "Europe/Berlin", "quiet_hours": "11:30-13:30"})
    channels = Channels()
    effect = deliver(world, runtime, channels)
    assert channels.sent == []
    assert (effect.state, effect.attempts) == ("pending", 0)
    assert effect.due_at == NOW + timedelta(hours=2, minutes=30)
    assert effect.error == "waits: quiet hours of the recipient"
    world.clock.move_to(effect.due_at)
    assert deliver(world, runtime, channels).state == "settled"


def test_without_a_zone_a_notice_waits_visibly_where_it_could_be_quiet(
    world: World, runtime: Runtime
) -> None:
    lapsed(world, CUSTOMER | {"quiet_hours": "22:00-06:00"})
    channels = Channels()
    effect = deliver(world, runtime, channels)
    assert channels.sent == []
    assert (effect.state, effect.error) == (
        "pending",
        "waits: quiet hours, and the recipient's zone is unknown",
    )


def test_hours_that_make_no_sense_are_a_dead_letter_and_not_a_guess(world: World, runtime: Runtime) -> None:
    lapsed(world, CUSTOMER | {"zone": "Europe/Berlin", "quiet_hours": "from nine to five"})
    effect = deliver(world, runtime, Channels())
    assert effect.state == "dead"
    assert effect.error.startswith("to.quiet_hours")


def test_a_run_stops_in_time_and_says_what_it_left(world: World, runtime: Runtime) -> None:
    lapsed(world)
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    hasty = runtime.__class__(
        runtime.settings.model_copy(update={"lease_seconds": -1.0}),
        runtime.store, runtime.registry, runtime.clock, runtime.engine, runtime.retries,
    )  # fmt: skip
    delivered = NoticeSender(hasty, Channels().table()).run([row.id for row in rows], rows[0].token)
    assert (delivered.taken, delivered.left) == (0, tuple(row.id for row in rows))


class BusyMeanwhile(Channels):
    """While it is asked, what it is asked to say is no longer so; then it is busy."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(Retry("mail server: answered 451"))
        self._meanwhile = meanwhile

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        self._meanwhile()
        return super().send(notice, idempotency_key)


def test_what_is_no_longer_so_when_a_try_has_failed_is_not_tried_again(
    world: World, runtime: Runtime
) -> None:
    data = {"words": "We call back", "owner": "olga@shop.example", "customer": CUSTOMER}
    world.post("promise.make", "promise:P", data | {"due_at": (NOW + timedelta(hours=4)).isoformat()})
    world.advance(timedelta(hours=3))

    def kept() -> None:
        world.post("promise.keep", "promise:P", {"by": "olga@shop.example", "evidence": "called"})

    def nudged(channels: Channels) -> tuple[str, str | None]:
        rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
        rows = [row for row in rows if row.payload["about"] == "nudge"]
        NoticeSender(runtime, channels.table()).run([row.id for row in rows], rows[0].token, PATIENT)
        (nudge,) = [one for one in world.effects() if one.payload["about"] == "nudge"]
        return nudge.state, nudge.error

    assert nudged(BusyMeanwhile(kept)) == ("pending", "mail server: answered 451")
    world.clock.move_to(world.clock.now() + timedelta(hours=1))
    patient = Channels()
    assert nudged(patient) == ("recalled", "recalled by decision 3, keep")
    assert patient.sent == []
