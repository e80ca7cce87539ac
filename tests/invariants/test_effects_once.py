"""Invariant 4: at least once with one key, effectively once; an unknown outcome goes to a person, once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from state_machines.values.instants import format_instant
from tasks.channels.live import callback_id
from tasks.channels.port import Notice, Receipt, Retry
from tasks.scheduler.sweep import sweep
from tasks.sending import pace
from tasks.sending.sender import NoticeSender
from tests.invariants.contents import contents
from tests.invariants.crashes import Crash, dying
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import NOW, World
from workflow.broker.client import Broker, task_id
from workflow.engine.runtime import Runtime
from workflow.errors import BrokerUnreachable
from workflow.maintenance.dead_letters import retry_effect, settle_effect
from workflow.outbox import effects as outbox
from workflow.outbox.receipts import TaskOutcome, record
from workflow.outbox.relay import Relay
from workflow.store.port import EffectRow

LEASE = timedelta(minutes=2)
HOUR = timedelta(hours=1)


class Post:
    """A channel that remembers what really went out, by key."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """It goes out."""
        self.sent.append(idempotency_key)
        return Receipt(notice.channel, idempotency_key)


def told(world: World, *names: str) -> None:
    """Promises of which each has one notice waiting, that of the nudge."""
    due = format_instant(world.clock.now() + HOUR)
    data = {"words": "w", "owner": "o@shop.example", "due_at": due, "warn_before": "PT59M"}
    for name in names:
        world.post("promise.make", f"promise:{name}", data)
    world.advance(timedelta(minutes=1))


def burnt_out(world: World) -> EffectRow:
    """A lamp whose effect is somebody's task, claimed by a relay."""
    world.post("lamp.press", "lamp:L", {"level": 3})
    world.advance(HOUR)
    (row,) = outbox.claim(world.store, world.clock.now(), LEASE, 10)
    return row


def claimed(world: World) -> EffectRow:
    (row,) = outbox.claim(world.store, world.clock.now(), LEASE, 10)
    return row


def begun(world: World) -> EffectRow:
    row = claimed(world)
    with world.store.begin() as transaction:
        (begun,) = outbox.begin(transaction, [row.id], row.token, world.clock.now(), LEASE)
    return begun


def escalations(world: World) -> list[dict[str, Any]]:
    """Those opened because nobody knows whether something went out."""
    found = contents(world.store)["subjects"]
    return [one for one in found if one["key"].startswith("escalation:effect-")]


def state(world: World) -> str:
    (effect,) = world.effects()
    return str(effect.state)


def test_wherever_the_worker_dies_a_notice_goes_out_once_or_a_person_is_asked(
    world: World, runtime: Runtime
) -> None:
    post = Post()
    delivery = NoticeSender(runtime, {"email": post})
    outcomes = Counter[str]()
    for after in range(20):
        told(world, f"P{after}")
        row = claimed(world)
        try:
            with dying(world.store, after):
                delivery.run([row.id], row.token, 30.0)
        except Crash:
            sent_before = list(post.sent)
        else:
            break
        world.clock.advance(LEASE)
        sweep(world.engine, world.clock)
        world.settle()
        for again in outbox.claim(world.store, world.clock.now(), LEASE, 10):
            delivery.run([again.id], again.token, 30.0)
        effect = world.effects()[-1]
        outcomes[effect.state] += 1
        if effect.state == "unknown":
            assert effect.key in sent_before or effect.key not in post.sent, (
                "an unknown one is not sent again"
            )
            assert sum(one["data"]["effect"] == effect.key for one in escalations(world)) == 1
        else:
            assert (effect.state, post.sent.count(effect.key)) == ("settled", 1)
        assert post.sent.count(effect.key) <= 1
        world.clock.advance(HOUR)
        with world.store.begin() as transaction:  # what follows a lapse is another story
            for table in ("timers", "inbox"):
                transaction.connection.exec_driver_sql(f"delete from {table}")
    assert outcomes["settled"] >= 2 and outcomes["unknown"] >= 2, outcomes


@pytest.mark.parametrize(("a_moment", "most"), [(1e-9, 1), (1e9, 3)], ids=["slow", "quick"])
def test_wherever_the_worker_dies_among_several_notices_no_more_are_unknown_than_it_had_claimed_together(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, a_moment: float, most: int
) -> None:
    """Those are settled with the next claim: none before them is in doubt. Of a slow channel it is one."""
    monkeypatch.setattr(pace, "A_MOMENT", a_moment)
    post = Post()
    delivery = NoticeSender(runtime, {"email": post})
    doubtful = Counter[int]()
    for after in range(40):
        told(world, f"A{after}", f"B{after}", f"C{after}")
        rows = outbox.claim(world.store, world.clock.now(), LEASE, 10)
        assert len(rows) == 3
        try:
            with dying(world.store, after):
                delivery.run([row.id for row in rows], rows[0].token, 60.0)
        except Crash:
            pass
        else:
            break
        states = Counter(effect.state for effect in world.effects()[-3:])
        doubtful[states["sending"]] += 1
        assert states["sending"] <= most
        assert states["sending"] + states["settled"] + states["published"] == 3
        with world.store.begin() as transaction:  # what follows a lapse is another story
            for table in ("timers", "inbox", "outbox"):
                transaction.connection.exec_driver_sql(f"delete from {table}")
    assert max(doubtful) == most
    assert max(Counter(post.sent).values()) == 1
    assert [effect.state for effect in world.effects()[-3:]] == ["settled"] * 3


def test_wherever_the_relay_dies_the_message_goes_out_with_the_same_key(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    relay = Relay(runtime, mailbox.broker)
    world.post("lamp.press", "lamp:L", {"level": 3})
    world.advance(HOUR)
    for after in range(20):
        try:
            with dying(world.store, after):
                relay.run()
        except Crash:
            world.clock.advance(timedelta(hours=10))
        else:
            break
    messages = mailbox.take("shop")
    assert messages
    assert {message.headers["id"] for message in messages} == {task_id("lamp:L/2/0")}
    assert {message.headers["makegood-effect"] for message in messages} == {"lamp:L/2/0"}


def test_a_message_that_comes_three_times_sends_once(world: World, runtime: Runtime) -> None:
    told(world, "P")
    post, row = Post(), claimed(world)
    for _ in range(3):
        NoticeSender(runtime, {"email": post}).run([row.id], row.token, 30.0)
    assert post.sent == [row.key]


def test_a_worker_that_wakes_up_after_its_lease_says_nothing_any_more(world: World, runtime: Runtime) -> None:
    """It was stopped while it sent; a person had it sent again meanwhile, and another worker did."""
    told(world, "P")
    stale = begun(world)
    world.clock.advance(LEASE)
    sweep(world.engine, world.clock)
    assert state(world) == "unknown"
    retry_effect(world.store, stale.id, world.clock.now())
    fresh = begun(world)
    held = outbox.Hold.sending(stale)
    now = world.clock.now()
    outbox.retry(world.store, [outbox.Failure(stale.id, "late")], now, held=held)
    outbox.bury(world.store, [(stale.id, "late")], now, held)
    outbox.unknown(world.store, [(stale.id, "late")], held)
    with world.store.begin() as transaction:
        outbox.defer(transaction, [(stale.id, now, "late")], held)
    (effect,) = world.effects()
    assert (effect.state, effect.token, effect.attempts) == ("sending", fresh.token, 1)
    outbox.settle(world.store, [(fresh.id, {"by": "fresh"})], now)
    outbox.retry(world.store, [outbox.Failure(fresh.id, "late")], now, held=outbox.Hold.sending(fresh))
    (effect,) = world.effects()
    assert (effect.state, effect.receipt) == ("settled", {"by": "fresh"})


class _LostAnswer(Broker):
    """A broker that takes a message, has it carried out, and is gone before it says so."""

    def __init__(self, mailbox: Mailbox, carry_out: Any) -> None:
        super().__init__(mailbox.app)
        self._carry_out = carry_out

    def send_notices(self, ids: Any, token: str, subjects: Any, **_: Any) -> None:
        self._carry_out(ids, token)
        raise BrokerUnreachable("the broker cannot be reached: timeout")


@pytest.mark.parametrize("finished", [True, False])
def test_a_message_that_got_through_though_the_broker_never_said_so_is_not_sent_again(
    world: World, runtime: Runtime, mailbox: Mailbox, finished: bool
) -> None:
    told(world, "P")
    post = Post()

    def carry_out(ids: Any, token: str) -> None:
        if finished:
            NoticeSender(runtime, {"email": post}).run(ids, token, 60.0)
        else:
            with world.store.begin() as transaction:
                outbox.begin(transaction, ids, token, world.clock.now(), LEASE)

    Relay(runtime, _LostAnswer(mailbox, carry_out)).run()
    assert state(world) == ("settled" if finished else "sending")
    world.clock.advance(timedelta(minutes=1))
    assert outbox.claim(world.store, world.clock.now(), LEASE, 10) == []


def test_a_send_that_is_lost_goes_to_one_person_and_lost_again_to_one_person_again(
    world: World, runtime: Runtime
) -> None:
    told(world, "P")
    lost = begun(world)
    world.clock.advance(LEASE)
    for _ in range(3):
        sweep(world.engine, world.clock)
        world.settle()
    (first,) = escalations(world)
    assert (first["state"], first["data"]["effect"]) == ("notified", lost.key)
    retry_effect(world.store, lost.id, world.clock.now())
    with world.store.begin() as transaction:  # what the escalation itself sends is not in question here
        transaction.connection.exec_driver_sql(f"delete from outbox where id <> {lost.id}")
    begun(world)
    world.clock.advance(LEASE)
    for _ in range(2):
        sweep(world.engine, world.clock)
        world.settle()
    assert [one["data"]["effect"] for one in escalations(world)] == [lost.key, lost.key]
    settle_effect(world.store, lost.id, "the customer has it", "key-1", world.clock.now())
    sweep(world.engine, world.clock)
    assert len(escalations(world)) == 2
    assert next(effect for effect in world.effects() if effect.id == lost.id).state == "settled"


def test_a_receipt_counts_once_and_whoever_comes_later_changes_nothing(world: World) -> None:
    row = burnt_out(world)
    record(world.engine, row.key, TaskOutcome.SUCCEEDED, {"result": 1})
    record(world.engine, row.key, TaskOutcome.FAILED, {"error": "a copy of the message"})
    outbox.release(world.store, [row], world.clock.now(), "late")
    outbox.bury(world.store, [(row.id, "late")], world.clock.now())
    (effect,) = world.effects()
    assert (effect.state, effect.receipt, effect.attempts) == ("settled", {"result": 1}, 1)


@pytest.mark.parametrize("result", ["nul \x00", 1 << 70, "half \ud800", [[]] * 2])
def test_an_answer_that_cannot_be_kept_is_not_asked_for_again(world: World, result: Any) -> None:
    """The task did run; to send it again because its answer cannot be stored would be to do it again."""
    for _ in range(40 if isinstance(result, list) else 0):
        result = [result]
    row = burnt_out(world)
    record(world.engine, row.key, TaskOutcome.SUCCEEDED, {"result": result})
    assert state(world) == "unknown"
    world.clock.advance(timedelta(days=9))
    assert outbox.claim(world.store, world.clock.now(), LEASE, 10) == []


def test_a_failing_channel_is_tried_again_with_one_key_and_not_for_ever(
    world: World, runtime: Runtime
) -> None:
    told(world, "P")
    keys = []

    class Busy(Post):
        def send(self, notice: Notice, idempotency_key: str) -> Receipt:
            keys.append(idempotency_key)
            raise Retry("busy")

    for _ in range(9):
        for row in outbox.claim(world.store, world.clock.now(), LEASE, 10):
            NoticeSender(runtime, {"email": Busy()}).run([row.id], row.token, 30.0)
        world.clock.advance(timedelta(minutes=30))
    assert (state(world), len(keys), len(set(keys))) == ("dead", 3, 1)


def test_callbacks_of_different_effects_never_are_one_callback() -> None:
    keys = ["promise:Müller/3/0", "promise:Möller/3/0", "promise:東京/3/0", "promise:大阪/3/0"]
    keys += ["promise:A-1/2/0", "promise:A/1/2/0", "promise:A/1-2/0/0", "promise:" + "x" * 300 + "/1/0"]
    names = {callback_id(key) for key in keys}
    assert len(names) == len(keys)
    assert all(len(name) <= 200 for name in names)
    assert callback_id("promise:P-17/2/0") == "promise-P-17-2-0"


def test_a_notice_that_waits_is_not_due_before_its_time(world: World) -> None:
    told(world, "P")
    row, until = begun(world), NOW + 9 * HOUR
    with world.store.begin() as transaction:
        outbox.defer(transaction, [(row.id, until, "quiet hours")], outbox.Hold.sending(row))
    assert outbox.claim(world.store, until - timedelta(microseconds=1), LEASE, 10) == []
    assert [again.key for again in outbox.claim(world.store, until, LEASE, 10)] == [row.key]
