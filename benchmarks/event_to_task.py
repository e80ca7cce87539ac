"""From an event that is posted to somebody's Celery task that starts, through the real stack at 100/s.

Beside it, in the same rounds, a bare Celery hop: the same task sent straight to the same worker.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import time

from celery import Celery

from benchmarks.colleague import QUEUE, TASK
from benchmarks.figures import Figure, quantile, shown
from benchmarks.goals import Goal, at_most
from benchmarks.http_pace import post_paced
from benchmarks.peers import sink
from benchmarks.peers.environments import NotInstalled
from benchmarks.peers.peer import DBOS_DEFAULT, PROCRASTINATE_DEFAULT, RESTATE, Kind, running
from benchmarks.peers.port import paced
from benchmarks.result import Result
from benchmarks.rounds import Absent, Contestant, Reading
from benchmarks.session import Session
from benchmarks.stack import ROOT, Api, Stack, installed
from tests.waiting import wait_until

RATE = 100.0
_WARM_UP = 200
_PATIENCE = 30.0
_COLLEAGUE = ("-m", "celery", "-A", "benchmarks.colleague", "worker", "-c", "1", "-Q", QUEUE, "-l", "ERROR")


@dataclass
class Hop:
    """Everything that stands between an event and a task, running; `count` events are a run."""

    stack: Stack
    api: Api
    key: str
    sink: Path
    count: int
    runs: int = 0

    def through(self) -> Reading:
        """Events posted to the API."""

        def send(count: int) -> None:
            self.runs += 1
            statuses = post_paced(self.api.host, self.api.port, self.key, f"hop{self.runs}", count, RATE)
            if set(statuses) != {202}:
                raise RuntimeError(f"the API answered {dict(statuses)}: {self.stack.said()}")

        return self._measured(send)

    def straight(self) -> Reading:
        """The same task sent to the same worker, by a bare Celery."""
        with Celery("bare", broker=self.stack.broker_url) as app:

            def one(number: int) -> None:
                app.send_task(TASK, kwargs={"subject": "", "posted": time()}, queue=QUEUE, ignore_result=True)

            return self._measured(lambda count: paced(one, count, RATE, time()))

    def _measured(self, send: Callable[[int], object]) -> Reading:
        self._started(send, _WARM_UP)
        return summed(self._started(send, self.count))

    def _started(self, send: Callable[[int], object], count: int) -> list[float]:
        """Send so many and wait until their tasks have started; milliseconds of each."""
        self.sink.write_text("")
        send(count)
        wait_until(
            lambda: self.sink.read_text().count("\n") >= count, seconds=_PATIENCE, what="tasks to start"
        )
        return [float(json.loads(line)[1]) for line in self.sink.read_text().splitlines()]


def measure(session: Session) -> list[Figure]:
    """p50 as the figure; p99 as another of the same runs."""
    count = session.size(1_000, 200)
    url = session.migrated("postgresql")
    sink_file = session.place("hop") / "sink"
    with installed(session, url, BENCH_SINK=str(sink_file)) as stack:
        stack.environment["BENCH_BROKER"] = stack.broker_url
        api = stack.start_api()
        stack.start_worker(2)
        stack.spawn([sys.executable, *_COLLEAGUE], ROOT)
        stack.wait_for_workers(2)
        hop = Hop(stack, api, stack.key(), sink_file, count)
        result = session.contest(
            "event_to_task",
            {"makegood": hop.through, "bare": hop.straight},
            once=_peers(session, count, DBOS_DEFAULT, PROCRASTINATE_DEFAULT, RESTATE),
        )
    session.drop(url.rpartition("/")[2])
    notes = (
        f"{count:,} events at {RATE:g}/s after {_WARM_UP} to warm up; one API process, a worker of 2 "
        "processes, PostgreSQL; bare: the same task sent straight to the same foreign worker; peers (their "
        f"default polling, one run): from the call to the handler; p50/p99: {told(result)}"
    )

    def goal(found: Figure) -> Goal:
        ratio = found.ratio or 0.0
        return Goal("p50 at most 3 times a bare hop", ratio <= 3, 3 * (found.bare or 0))

    half = result.figure("event_to_task", "ms", measure="p50", goal=goal, notes=notes)
    tail = result.figure(
        "event_to_task_p99", "ms", measure="p99", goal=lambda found: at_most(20, "ms", found.value),
        notes="the same runs: 99% of the tasks have started after this",
    )  # fmt: skip
    return [half, tail]


def told(result: Result) -> str:
    """p50/p99 in ms of everybody, medians of their runs."""
    everybody = {who: [one.readings[who] for one in result.rounds.counted if who in one.readings]
                 for who in result.rounds.contestants()}  # fmt: skip
    everybody |= {who: [reading] for who, reading in result.once.items()}
    return ", ".join(
        f"{who} {shown(median(run['p50'] for run in runs))}/{shown(median(run['p99'] for run in runs))}"
        for who, runs in everybody.items()
    )


def summed(late: list[float]) -> Reading:
    """Milliseconds, summed up."""
    return {"p50": quantile(late, 0.5), "p99": quantile(late, 0.99), "max": max(late)}


def _peers(session: Session, count: int, *kinds: Kind) -> dict[str, Contestant]:
    return {kind.name: partial(_peer, session, count, kind) for kind in kinds}


def _peer(session: Session, count: int, kind: Kind) -> Reading:
    try:
        with (
            session.broker() as broker,
            running(kind, session.kept["peers_dir"], session.place(kind.name), broker.url,
                    session.server.port) as peer,
        ):  # fmt: skip
            for number in (_WARM_UP, count):
                peer.clear()
                peer.call("paced", count=number, rate=RATE)
                if not peer.arrived(number, _PATIENCE):
                    raise Absent("not every handler started while it was watched")
            rows = sink.read(peer.sink)
    except NotInstalled as error:
        raise Absent(f"not installed: {error}") from error
    return summed([1000 * (one.at - one.due) for one in rows])
