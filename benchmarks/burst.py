"""A burst of timers through everybody's ordinary workers: makegood's, a hand-written loop's, the peers'.

Two worker processes each. All timers are loaded before the first is due; the watch ends when all have fired
or `cap` seconds after the window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import sleep, time

import psycopg

from benchmarks.bare import cases
from benchmarks.dues import Dues, summed
from benchmarks.meter import METER
from benchmarks.peers import job, sink
from benchmarks.peers.environments import NotInstalled
from benchmarks.peers.peer import Kind, running
from benchmarks.processes import work_together
from benchmarks.rounds import Absent, Contestant, Reading
from benchmarks.session import Session
from benchmarks.stack import Stack, installed

POLL = 0.05
"""Seconds between two looks of the hand-written loop."""
WORKERS = 2
STARTS = (10.0, 25.0)
"""Seconds from loading to the first due timer, in which workers start and warm up: so many, or else more."""
_WARM_UP, _BATCH = 1_500, 500
_TRIAL, _PATIENCE = 2_000, 60.0


@dataclass
class Burst:
    """So many timers due over a window of so many seconds, watched for `cap` seconds more.

    `seen` collects every reading, by contestant, for notes and detail. With `promises` a peer's handlers do
    the main job, and not the least that a handler can do.
    """

    session: Session
    count: int
    window: float
    cap: float
    promises: bool = False
    seen: dict[str, list[Reading]] = field(default_factory=dict)

    def contestants(self, *kinds: Kind) -> dict[str, Contestant]:
        """Those peers, by label."""
        return {kind.label: self._noted(kind.label, partial(self._peer, kind)) for kind in kinds}

    def makegood(self) -> Contestant:
        """The plain `makegood worker --concurrency 2` with its scheduler, on PostgreSQL and a Valkey."""
        return self._noted("makegood", lambda: in_time(self._makegood))

    def bare(self) -> Contestant:
        """Two processes that look every 50 ms and do the least that could do the work, in bare psycopg."""
        return self._noted("bare", lambda: in_time(self._bare))

    def detail(self) -> dict[str, object]:
        """Every reading, for the JSON."""
        return {"readings": {who: [dict(run) for run in runs] for who, runs in self.seen.items()}}

    def _noted(self, who: str, run: Callable[[], Reading]) -> Contestant:
        def noted() -> Reading:
            reading = run()
            self.seen.setdefault(who, []).append(reading)
            return reading

        return noted

    def _makegood(self, start: float) -> Reading:
        url = self.session.migrated("postgresql")
        name = url.rpartition("/")[2]
        with (
            installed(self.session, url, (METER,)) as stack,
            psycopg.connect(self.session.conninfo(name), autocommit=True) as connection,
        ):
            lead = start + self.count / 20_000
            dues = Dues("meter", self.count, time() + lead, self.window)
            dues.load(connection)
            Dues("meter", _WARM_UP, dues.t0 - 4.0, 2.0).load(connection, "warm")
            settle(connection)
            start_in_time(stack, dues.t0 - 4.5)
            dues.wait(connection, self.cap)
            relayed = connection.execute(
                "select count(*) filter (where state <> 'pending'), count(*) from outbox"
            ).fetchone()
            reading = dict(dues.reading(connection))
            if not reading["fired"]:
                raise RuntimeError(f"makegood fired nothing: {stack.said()}")
        self.session.drop(name)
        assert relayed is not None
        return reading | {"relayed": relayed[0], "asked": relayed[1]}

    def _bare(self, start: float) -> Reading:
        name = self.session.database()
        conninfo = self.session.conninfo(name)
        cases.fill(conninfo, self.count, 0, 0)
        t0 = time() + start / 2 + self.count / 20_000
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(
                "insert into timers (case_id, due_at, kind, payload) select n, to_timestamp(%s +"
                " %s * (n - 1) / %s::float8), 'late', '{}' from generate_series(1, %s) n",
                (t0, self.window, self.count, self.count),
            )
            connection.execute("vacuum (analyze)")
            connection.execute("checkpoint")
            until = t0 + self.window + self.cap
            run = work_together(WORKERS, polling, until - time(), conninfo, t0 + self.window, until)
            rows = connection.execute(
                "select case_id, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 from outbox"
            ).fetchall()
        self.session.drop(name)
        if run.begun > t0:
            raise TooLate(f"the loops were ready {run.begun - t0:.1f} s too late")
        step = self.window / self.count
        return summed([(case, t0 + (case - 1) * step, at) for case, at in rows], t0)

    def _peer(self, kind: Kind) -> Reading:
        session = self.session
        promises = self._promises() if self.promises else None
        try:
            with (
                session.broker() as broker,
                running(kind, session.kept["peers_dir"], session.place(kind.name), broker.url,
                        session.server.port, promises=promises) as peer,
            ):  # fmt: skip
                speed = peer.load(_TRIAL, time(), 0.0)  # tells how long loading will take, and warms up
                if not peer.arrived(_TRIAL, _PATIENCE):
                    raise Absent(f"it did not start {_TRIAL} due timers in {_PATIENCE:g} s")
                peer.clear()
                t0 = time() + 4.0 + 1.5 * self.count / speed
                peer.load(self.count, t0, self.window)
                if kind.database is not None:
                    with psycopg.connect(session.conninfo(kind.database), autocommit=True) as connection:
                        settle(connection)
                spare = t0 - time()
                sleep(max(0.0, t0 + self.window - time()))
                peer.arrived(self.count, self.cap)
                rows = [(one.number, one.due, one.at) for one in sink.read(peer.sink)]
        except NotInstalled as error:
            raise Absent(f"not installed: {error}") from error
        finally:
            if promises is not None:
                session.drop(promises)
        if not rows:
            raise Absent("it started nothing while it was watched")
        return {**summed(rows, t0), "spare": spare}

    def _promises(self) -> str:
        name = self.session.database()
        job.tables(self.session.conninfo(name), self.count)
        return name


def settle(connection: psycopg.Connection) -> None:
    """Statistics and a checkpoint, so that neither falls into what is measured."""
    connection.execute("vacuum (analyze)")
    connection.execute("checkpoint")


class TooLate(RuntimeError):
    """The worker was not ready before the first timer was due."""


def in_time(run: Callable[[float], Reading]) -> Reading:
    """`run` with the first of `STARTS` that is enough. Raises TooLate when none is."""
    for start in STARTS[:-1]:
        try:
            return run(start)
        except TooLate:
            continue
    return run(STARTS[-1])


def start_in_time(stack: Stack, until: float) -> None:
    """Start the worker and wait until it answers. Raises TooLate when that was too late to be fair."""
    stack.start_worker(WORKERS)
    stack.wait_for_workers(1)
    if time() > until:
        raise TooLate(f"the worker was ready {time() - until:.1f} s too late: {stack.said()}")


def polling(conninfo: str, due_until: float, until: float, worker: int) -> Callable[[], int]:
    """Fires batches; after one that was not full it waits 50 ms, until nothing more will be due."""
    fire = cases.firing(conninfo, _BATCH, worker)
    done = 0

    def batch() -> int:
        nonlocal done
        while time() < until:
            if done < _BATCH:
                sleep(POLL)
            since = time()
            if (done := fire()) > 0:
                return done
            if since > due_until:
                return 0
        return 0

    return batch
