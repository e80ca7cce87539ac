"""The spine with real processes: an event is applied, its timer fires in time, its notices are recorded."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.processes.installation import Installation
from tests.processes.workers import WorkerProcess
from tests.waiting import wait_until


def test_a_promise_lapses_in_time_and_those_concerned_hear_of_it(installation: Installation) -> None:
    installation.workers.start("--concurrency", "2").wait_ready()
    installation.send(installation.promise("P-1", due_in=2, customer={"email": "customer@example.com"}))
    wait_until(lambda: installation.state("promise:P-1") == "lapsed", seconds=20, what="the promise to lapse")
    wait_until(lambda: len(installation.notices()) == 2, seconds=10, what="both notices")

    nudge, apology = installation.notices()
    assert (nudge["to"], nudge["about"]) == ("sam@example.com", "nudge")
    assert (apology["to"], apology["about"]) == ({"email": "customer@example.com"}, "broken_promise")
    (lapse,) = installation.moves("lapse")
    assert lapse.at >= lapse.due_at
    told = lambda: installation.state("escalation:P-1") == "notified"  # noqa: E731
    wait_until(told, seconds=10, what="the desk to be told")
    wait_until(
        lambda: {effect.state for effect in installation.effects()} == {"settled"},
        seconds=5,
        what="settled effects",
    )


def test_a_scheduler_alone_decides_and_a_worker_without_queue_work_sends_nothing(
    sqlite_installation: Installation,
) -> None:
    """`--scheduler-only`: deadlines are decided in time although nobody takes the messages."""
    sqlite_installation.workers.start("--scheduler-only").wait_ready()
    sqlite_installation.send(sqlite_installation.promise("P-1", due_in=1))
    wait_until(
        lambda: sqlite_installation.state("promise:P-1") == "lapsed", seconds=20, what="the promise to lapse"
    )
    assert sqlite_installation.notices() == []


def test_a_worker_ends_cleanly_with_everything_that_belongs_to_it(sqlite_installation: Installation) -> None:
    worker = sqlite_installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    wait_until(lambda: len(worker.group()) == 4, seconds=10, what="worker, two children, scheduler")
    worker.signal(signal.SIGTERM)
    assert worker.wait_ended(30) == 0
    assert worker.group() == []


def test_a_worker_that_is_killed_leaves_nothing_running(sqlite_installation: Installation) -> None:
    worker = sqlite_installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    worker.kill_worker()
    wait_until(lambda: worker.group() == [], seconds=10, what="pool and scheduler to end with their worker")


def clocks(worker: WorkerProcess) -> list[int]:
    """Process ids of the clocks of a worker."""
    return [pid for pid in worker.group() if b"tasks.scheduler" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_the_clock_is_started_again_when_it_dies(sqlite_installation: Installation) -> None:
    worker = sqlite_installation.workers.start("--concurrency", "1")
    worker.wait_ready()
    wait_until(lambda: clocks(worker), seconds=10, what="a clock")
    (clock,) = clocks(worker)
    os.kill(clock, signal.SIGKILL)
    wait_until(lambda: clocks(worker) not in ([], [clock]), seconds=10, what="another clock")
    sqlite_installation.send(sqlite_installation.promise("P-1", due_in=3))
    wait_until(
        lambda: sqlite_installation.state("promise:P-1") == "lapsed", seconds=20, what="the promise to lapse"
    )
