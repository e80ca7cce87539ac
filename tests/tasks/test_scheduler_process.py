"""The scheduler's pipe, its watch, and its actions on a real store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tasks.pool.process import Process
from tasks.scheduler.actions import WorkerActions
from tasks.scheduler.loop import SchedulerLoop, Work
from tasks.scheduler.pipe import BEAT, END, WAKE, PipeWakeUps
from tasks.scheduler.watch import Watch
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import World
from workflow.access import audit
from workflow.clock import monotonic
from workflow.engine.runtime import Runtime


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe."""
    read, write = os.pipe()
    yield read, write
    for end in (read, write):
        os.close(end) if end in open_descriptors() else None


def open_descriptors() -> set[int]:
    """Descriptors of this process."""
    return {int(name) for name in os.listdir("/proc/self/fd")}  # noqa: PTH208


def test_a_wake_up_ends_the_wait_and_a_beat_does_not(pipe: tuple[int, int]) -> None:
    read, write = pipe
    wake_ups = PipeWakeUps(read, os.getppid())
    os.write(write, WAKE + WAKE)
    assert wake_ups.wait(86_400), "woken, or this test would not end"
    before = monotonic()
    os.write(write, BEAT)
    assert wake_ups.wait(0.05)
    silent = wake_ups.silent_seconds
    assert monotonic() - silent >= before


def test_a_worker_that_ends_says_so_though_others_hold_its_pipe_open(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, BEAT + END)
    assert not PipeWakeUps(read, os.getppid()).wait(86_400)


def test_the_end_of_the_pipe_is_the_end(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.close(write)
    assert not PipeWakeUps(read, os.getppid()).wait(86_400)


def test_a_worker_that_is_no_longer_our_parent_is_gone(pipe: tuple[int, int]) -> None:
    read, _ = pipe
    assert not PipeWakeUps(read, os.getpid()).wait(0.01)


class Heartbeat:
    """A sign of life that stopped so many seconds ago."""

    def __init__(self, silent: float) -> None:
        self.silent_seconds = silent


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, for ever."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(("silent", "broker"), [(61.0, False), (59.0, True)])
def test_a_worker_without_a_broker_or_only_just_silent_lives_on(
    worker: subprocess.Popen[bytes], silent: float, broker: bool
) -> None:
    Watch(worker.pid, Heartbeat(silent), lambda: broker, silent_seconds=60).check()
    assert worker.poll() is None


def test_a_silent_worker_is_ended_so_that_it_can_be_started_again(worker: subprocess.Popen[bytes]) -> None:
    Watch(worker.pid, Heartbeat(61), lambda: True, silent_seconds=60).check()
    assert worker.wait(timeout=60) == -signal.SIGKILL


def test_a_deadline_is_decided_while_the_broker_hangs(
    world: World, runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    actions = WorkerActions(Process(runtime, mailbox.broker, {}), concurrency=1, answer_seconds=0.05)
    monkeypatch.setattr(mailbox.broker, "wake", lambda *_: answers.wait())
    monkeypatch.setattr(mailbox.broker, "reachable", answers.wait)
    loop = SchedulerLoop(actions, world.clock, PipeWakeUps(0, 0), sweep_seconds=60)
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 3})])
    loop.turn()
    assert world.state("lamp:1") == "on", "decided here, though nothing was heard of the broker"
    world.clock.advance(timedelta(hours=1))
    loop.turn()
    assert world.state("lamp:1") == "broken"
    assert not actions.broker_answers() and not actions.has_listener()
    assert actions.look().effects.waiting == 1
    loop.turn()
    assert actions.look().effects.waiting == 1, "what goes over the broker waits for it"
    answers.set()


def test_a_deadline_is_decided_while_a_sweep_waits_for_a_table_that_somebody_has_locked(
    world: World, runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, swept = threading.Event(), threading.Event()

    def prune(*_: object) -> None:
        free.wait()
        swept.set()

    monkeypatch.setattr(audit, "prune", prune)
    actions = WorkerActions(Process(runtime, mailbox.broker, {}), concurrency=1, answer_seconds=0.05)
    monkeypatch.setattr(actions, "has_listener", lambda: False)
    monkeypatch.setattr(actions, "ask", lambda work, _: actions.carry_out(work))
    loop = SchedulerLoop(actions, world.clock, PipeWakeUps(0, 0), sweep_seconds=0)
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 3})])
    loop.turn()
    assert world.state("lamp:1") == "on"
    world.clock.advance(timedelta(hours=1))
    loop.turn()
    assert world.state("lamp:1") == "broken"
    assert not swept.is_set()
    free.set()
    assert swept.wait(60), "it goes on once the table is free"


def test_the_actions_see_what_waits_and_ask_for_it_by_name_and_key(
    world: World, runtime: Runtime, mailbox: Mailbox
) -> None:
    actions = WorkerActions(Process(runtime, mailbox.broker, {}), concurrency=2)
    world.engine.accept([world.event("lamp.press", f"lamp:{n}", {"level": 3}) for n in range(3)])
    backlog = actions.look()
    assert (backlog.events.waiting, backlog.timers.waiting, backlog.next_due) == (3, 0, None)
    actions.ask(Work.APPLY, backlog.events.waiting)
    (message,) = mailbox.take()
    assert (message.task, message.args) == ("makegood.events.apply", [])
    subjects = message.headers["argsrepr"].strip("()").split(", ")
    assert sorted(subjects) == ["lamp:0", "lamp:1", "lamp:2"], "in whatever order the store finds them"

    actions.carry_out(Work.APPLY)
    assert actions.look().events.waiting == 0
    assert actions.look().next_due == world.clock.now() + timedelta(hours=1)
    world.clock.advance(timedelta(hours=1))
    backlog = actions.look()
    assert (backlog.timers.waiting, backlog.timers.since) == (3, world.clock.now())
    actions.ask(Work.FIRE, 10_000)
    assert [message.task for message in mailbox.take()] == ["makegood.timers.fire"] * 2, "one a process"
    actions.carry_out(Work.FIRE)
    assert world.state("lamp:1") == "broken"
    assert actions.look().effects.waiting == 3
    actions.carry_out(Work.RELAY)
    assert actions.look().effects.waiting == 0
    assert len(mailbox.take("shop")) == 3
    actions.sweep()
