"""Invariant 5: SQL is the truth. With every message lost, what is a year old is found and done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from state_machines.values.instants import format_instant
from tasks.channels.port import Channel, Notice, Receipt
from tasks.pool.process import Process
from tasks.scheduler.actions import WorkerActions
from tasks.scheduler.loop import SchedulerLoop, Work
from tasks.scheduler.sweep import sweep
from tests.invariants.contents import contents
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import NOW, World
from workflow.broker.task_names import SEND
from workflow.engine.runtime import Runtime
from workflow.maintenance.backlog import full_count, look
from workflow.outbox import effects as outbox

YEAR, LEASE = timedelta(days=366), timedelta(minutes=2)
DUE = format_instant(NOW + timedelta(hours=1))


class Post:
    """A channel that remembers."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """It goes out."""
        self.sent.append(idempotency_key)
        return Receipt(notice.channel, idempotency_key)


class _NoWakes:
    def wait(self, seconds: float) -> bool:
        return False


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def process(runtime: Runtime, mailbox: Mailbox, post: Post) -> Process:
    """One process of a worker."""
    channels: Mapping[str, Channel] = {"email": post}
    return Process(runtime, mailbox.broker, channels)


def nudges(world: World, *names: str) -> None:
    data = {"words": "w", "owner": "o@shop.example", "due_at": DUE, "warn_before": "PT59M"}
    for name in names:
        world.post("promise.make", f"promise:{name}", data)
    world.advance(timedelta(minutes=1))


def left_behind(world: World) -> None:
    """One of everything that a lost message or a killed worker can leave, and then nothing for a year."""
    nudges(world, "pending", "published", "sending")
    first, second, third = outbox.claim(world.store, world.clock.now(), LEASE, 3)
    outbox.release(world.store, [first], world.clock.now(), "no broker")
    with world.store.begin() as transaction:
        outbox.begin(transaction, [third.id], third.token, world.clock.now(), LEASE)
    assert second.token == third.token
    world.post("lamp.press", "lamp:timer", {"level": 3})
    world.engine.accept([world.event("lamp.press", "lamp:event", {"level": 3})])
    world.clock.advance(YEAR)


def test_a_year_later_one_clock_without_any_message_finds_it_all(
    world: World, process: Process, mailbox: Mailbox, post: Post
) -> None:
    left_behind(world)
    actions = WorkerActions(process, concurrency=1)
    for _ in range(3):  # the lapses of a year ago, the escalations that they open, the notices of those
        SchedulerLoop(actions, world.clock, _NoWakes(), sweep_seconds=0.0).turn()
        mailbox.take()  # whatever it asked for is lost
        for work in Work:
            actions.carry_out(work)
        for message in mailbox.take():
            if message.task == SEND:
                process.notice_sender.run(*message.args, seconds=30.0)
    assert world.state("lamp:timer") == "broken"
    assert world.state("lamp:event") in ("on", "broken")
    assert {world.state(f"promise:{name}") for name in ("pending", "published", "sending")} == {"lapsed"}
    found = contents(world.store)
    states = {
        effect["subject"]: effect["state"] for effect in found["outbox"] if effect["key"].endswith("/2/0")
    }
    assert states["promise:pending"] == states["promise:published"] == "settled"
    assert states["promise:sending"] == "unknown"
    assert post.sent.count("promise:pending/2/0") == post.sent.count("promise:published/2/0") == 1
    assert "promise:sending/2/0" not in post.sent
    asked = [one for one in found["subjects"] if one["data"].get("effect") == "promise:sending/2/0"]
    assert [one["state"] for one in asked] == ["notified"]
    assert found["inbox"] == []


def test_a_look_after_the_sweep_sees_what_is_a_year_old(world: World) -> None:
    left_behind(world)
    assert sweep(world.engine, world.clock) == 1
    found = look(world.store, world.clock.now(), 100)
    assert (found.events.waiting, found.timers.waiting, found.effects.waiting) == (2, 4, 2)
    assert found.age(found.timers) > YEAR - timedelta(hours=2)


def test_a_look_counts_no_further_than_it_must_and_the_full_count_counts_all(world: World) -> None:
    events = [world.event("lamp.press", f"lamp:{number}", {"level": 3}) for number in range(12)]
    world.engine.accept(events)
    world.clock.advance(YEAR)
    found = look(world.store, world.clock.now(), 10)
    whole = full_count(world.store, world.clock.now()).backlog
    assert (found.events.waiting, whole.events.waiting) == (10, 12)
    assert found.events.first == whole.events.first
    assert found.events.since == whole.events.since == NOW
    assert found.age(found.events) == YEAR


def test_a_look_tells_which_of_many_that_are_due_at_one_instant_is_the_first(world: World) -> None:
    """A scheduler takes what does not change for work that nobody does."""
    world.engine.accept([world.event("lamp.press", f"lamp:{number}", {"level": 3}) for number in range(12)])
    while world.engine.apply().decided:
        pass
    world.clock.advance(YEAR)
    seen = []
    for _ in range(3):
        seen.append(look(world.store, world.clock.now(), 4).timers)
        world.engine.fire(2)
    assert {(one.waiting, one.since) for one in seen} == {(4, seen[0].since)}
    assert len({one.first for one in seen}) == 3


def test_a_sweep_that_cannot_open_an_escalation_stops_nothing_else(
    world: World, process: Process, mailbox: Mailbox
) -> None:
    """An installation may have an escalation of its own that knows no `open`."""
    own = (
        "lifecycle: escalation\nversion: 9\nstates: [{name: 'on'}]\n"
        "transitions: [{trigger: go, source: initial, dest: 'on'}]\n"
    )
    world.engine.registry.register([(own, None)], NOW)
    left_behind(world)
    actions = WorkerActions(process, concurrency=1)
    SchedulerLoop(actions, world.clock, _NoWakes(), sweep_seconds=0.0).turn()
    assert {message.task for message in mailbox.take()} == {work.value for work in Work}
