"""The spine with real processes: an event is applied, its timer fires in time, its notices are recorded."""

from __future__ import annotations

import os
import re
import signal

from tests.processes.brokers import each_pair
from tests.processes.installation import CUSTOMER, Installation
from tests.processes.workers import WorkerProcess


@each_pair
def test_a_promise_lapses_in_time_and_those_concerned_hear_of_it(installation: Installation) -> None:
    installation.workers.start("--concurrency", "2").wait_ready()
    installation.send(installation.promise("P-1", due_in=4, customer={"email": "customer@example.com"}))
    installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="the promise to lapse")
    (make,), (lapse,) = installation.moves("make"), installation.moves("lapse")
    assert lapse.at >= lapse.due_at
    # On a machine so busy that nobody came to it before its deadline there was nothing left to nudge about.
    expected = {"nudge", "broken_promise"} if make.at < lapse.due_at else {"broken_promise"}
    installation.wait(lambda: len(installation.notices()) >= len(expected), what=f"notices: {expected}")

    notices = {notice["about"]: notice["to"] for notice in installation.notices()}
    assert notices.keys() == expected
    assert notices["broken_promise"] == {"email": "customer@example.com"}
    assert notices.get("nudge", "sam@example.com") == "sam@example.com"
    told = lambda: installation.state("escalation:promise-P-1") == "notified"  # noqa: E731
    installation.wait(told, what="the desk to be told")
    installation.wait(
        lambda: {effect.state for effect in installation.effects()} == {"settled"},
        what="settled effects",
    )


def test_a_scheduler_alone_decides_and_a_worker_without_queue_work_sends_nothing(
    sqlite_installation: Installation,
) -> None:
    """`--scheduler-only`: deadlines are decided in time although nobody takes the messages."""
    sqlite_installation.workers.start("--scheduler-only").wait_ready()
    sqlite_installation.send(sqlite_installation.promise("P-1", due_in=1))
    sqlite_installation.wait(
        lambda: sqlite_installation.state("promise:P-1") == "lapsed", what="the promise to lapse"
    )
    assert sqlite_installation.notices() == []


def test_a_worker_ends_cleanly_with_everything_that_belongs_to_it(sqlite_installation: Installation) -> None:
    worker = sqlite_installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    sqlite_installation.wait(lambda: len(worker.group()) == 4, what="worker, two children, scheduler")
    worker.signal(signal.SIGTERM)
    assert worker.wait_ended(30) == 0
    assert worker.group() == []


def test_a_worker_that_is_killed_leaves_nothing_running(sqlite_installation: Installation) -> None:
    worker = sqlite_installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    worker.kill_worker()
    sqlite_installation.wait(lambda: worker.group() == [], what="pool and scheduler to end with their worker")


def schedulers(worker: WorkerProcess) -> list[int]:
    """Process ids of the schedulers that a worker said it had started, and that still run."""
    said = re.findall(r'"process": (\d+), "event": "the scheduler is started"', worker.log.read_text())
    return [pid for pid in worker.group() if str(pid) in said]


def test_the_scheduler_is_started_again_when_it_dies(sqlite_installation: Installation) -> None:
    worker = sqlite_installation.workers.start("--concurrency", "1")
    worker.wait_ready()
    (first,) = schedulers(worker)
    os.kill(first, signal.SIGKILL)
    sqlite_installation.wait(lambda: schedulers(worker) not in ([], [first]), what="another scheduler")
    sqlite_installation.send(sqlite_installation.promise("P-1", due_in=3, customer=CUSTOMER))
    sqlite_installation.wait(
        lambda: sqlite_installation.state("promise:P-1") == "lapsed", what="the promise to lapse"
    )
    # It was forked from a worker that was connected: the worker's own connections must not have suffered.
    sqlite_installation.wait(sqlite_installation.notices, what="a notice, over the broker")
    assert worker.log.read_text().count("ready.") == 1, "connected once"
