"""Timers that fall due evenly over a window, and how late each of them was fired.

Fired means committed: the instant is the server's own commit timestamp of the ledger's row, so nothing is
added to what is measured. Rows are as the engine writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import sleep, time

import psycopg

from benchmarks.figures import quantile
from benchmarks.filling import insert_rows
from benchmarks.rounds import Reading

_LOOK = 0.25


@dataclass(frozen=True)
class Dues:
    """`count` timers of `lifecycle`, due evenly over `window` seconds from the instant `t0` (Unix time)."""

    lifecycle: str
    count: int
    t0: float
    window: float

    @property
    def end(self) -> float:
        """When all are due."""
        return self.t0 + self.window

    def load(self, connection: psycopg.Connection, prefix: str = "p") -> None:
        """Subjects with keys `<lifecycle>:<prefix><n>`, and a timer of each."""
        key = f"'{self.lifecycle}:{prefix}' || n"
        subject = {
            "key": key, "lifecycle": f"'{self.lifecycle}'", "version": "1", "state": "'read_lately'",
            "seq": "1", "data": "'{}'", "opened_at": "now()", "changed_at": "now()",
        }  # fmt: skip
        due_at = f"to_timestamp({self.t0!r} + {self.window!r} * n / {self.count}::float8)"
        timer = {
            "subject_id": f"(select s.id from subjects s where s.key = {key})", "name": "'read_lately'",
            "lifecycle": f"'{self.lifecycle}'", "setting": "1", "set_at": "now()", "due_at": due_at,
        }  # fmt: skip
        insert_rows(connection, "subjects", subject, 0, self.count - 1)
        insert_rows(connection, "timers", timer, 0, self.count - 1)

    def wait(self, connection: psycopg.Connection, cap: float) -> bool:
        """Wait until all are fired, at most `cap` seconds after the window; whether they are.

        Nobody looks before the window is over: looking costs the server something.
        """
        sleep(max(0.0, self.end - time()))
        while (some := self._pending(connection)) and time() < self.end + cap:
            sleep(_LOOK)
        return not some

    def _pending(self, connection: psycopg.Connection) -> bool:
        # In order: the planner cannot know that few are due, and would else look through all of them.
        query = (
            "select 1 from timers where lifecycle = %s and due_at <= to_timestamp(%s) order by due_at limit 1"
        )
        return connection.execute(query, (self.lifecycle, self.end)).fetchone() is not None

    def reading(self, connection: psycopg.Connection, prefix: str = "p") -> Reading:
        """What came of them: see `summed`."""
        rows = connection.execute(
            "select m.subject_id, extract(epoch from m.due_at)::float8,"
            " extract(epoch from pg_xact_commit_timestamp(m.xmin))::float8"
            " from moves m join subjects s on s.id = m.subject_id where m.timer is not null"
            " and s.key like %s",
            (f"{self.lifecycle}:{prefix}%",),
        ).fetchall()
        return summed([(number, due, at) for number, due, at in rows], self.t0)


def summed(fired: Sequence[tuple[int, float, float]], t0: float) -> Reading:
    """Of everything that fired (who, when due, when fired; seconds): rates, lateness in ms, faults.

    `rate` is how many a second fired from `t0` to the last; `early` and `twice` count faults.
    """
    if not fired:
        return {"fired": 0, "rate": 0.0, "seconds": 0.0, "early": 0, "twice": 0}
    late = [1000 * (at - due) for _, due, at in fired]
    seconds = max(at for _, _, at in fired) - t0
    whole = len({number for number, _, _ in fired})
    return {
        "fired": whole, "rate": whole / seconds, "seconds": seconds,
        "p50": quantile(late, 0.5), "p99": quantile(late, 0.99), "max": max(late),
        "early": sum(one < 0 for one in late), "twice": len(fired) - whole,
    }  # fmt: skip


def told(readings: Mapping[str, Sequence[Reading]], count: int) -> str:
    """For the notes: how late each contestant was (medians of its runs), and its faults."""
    return "; ".join(_told(who, runs, count) for who, runs in readings.items() if runs)


def _told(who: str, runs: Sequence[Reading], count: int) -> str:
    middle = {name: median(run.get(name, 0) for run in runs) for name in runs[0]}
    if not middle["fired"]:
        return f"{who}: none fired"
    late = f"p50 {middle['p50']:,.0f} ms, p99 {middle['p99']:,.0f} ms, max {middle['max']:,.0f} ms late"
    faults = f", {sum(run['early'] for run in runs):.0f} early, {sum(run['twice'] for run in runs):.0f} twice"
    if middle.get("spare", 1) < 0:
        faults += f" (loading ended {-middle['spare']:.0f} s after the first was due)"
    few = (
        "" if middle["fired"] >= count else f", only {middle['fired']:,.0f} of {count:,} fired while watched"
    )
    return f"{who}: {late}{faults}{few}"
