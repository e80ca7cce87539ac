"""What is looked at during a soak: the server's own statistics, the ledger, the processes' memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import psycopg

from benchmarks.figures import quantile

TABLES = ("subjects", "timers", "inbox", "outbox")
"""The hot tables: their rows change or go away."""


@dataclass(frozen=True)
class Sample:
    """One look.

    Attributes:
        seconds: since the beginning.
        dead: dead rows by table, as the server's statistics count them.
        size: megabytes on disk by table, with its indexes.
        p50, p99: milliseconds from due to committed, of the timers fired since the last look.
        moves: rows of the ledger.
        memory: resident megabytes of all processes that were started, and of theirs.
        load: the machine's load average over a minute.
    """

    seconds: float
    dead: dict[str, float]
    size: dict[str, float]
    p50: float
    p99: float
    moves: int
    memory: float
    load: float


class Sampler:
    """Looks at one database and some processes, again and again."""

    def __init__(self, conninfo: str, processes: Sequence[int]) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._processes = processes
        self._seen = 0

    def sample(self, seconds: float) -> Sample:
        """Look now, so many seconds after the beginning."""
        statistics = self._connection.execute(
            "select relname, n_dead_tup, pg_total_relation_size(relid) / 1e6 from pg_stat_user_tables"
            " where relname = any(%s)",
            (list(TABLES),),
        ).fetchall()
        moves = self._connection.execute("select coalesce(max(id), 0) from moves").fetchone()
        assert moves is not None
        late = self._late(moves[0])
        return Sample(
            seconds,
            {name: float(dead) for name, dead, _ in statistics},
            {name: float(size) for name, _, size in statistics},
            quantile(late, 0.5),
            quantile(late, 0.99),
            moves[0],
            sum(map(_resident, self._processes)),
            os.getloadavg()[0],
        )

    def _late(self, last: int) -> list[float]:
        """Milliseconds of the moves since the last look; where no timer fired there is one 0."""
        rows = self._connection.execute(
            "select 1000 * extract(epoch from pg_xact_commit_timestamp(xmin) - due_at)::float8 from moves"
            " where id > %s and id <= %s and due_at is not null",
            (self._seen, last),
        ).fetchall()
        self._seen = last
        return [float(row[0]) for row in rows] or [0.0]


def _resident(pid: int) -> float:
    """Megabytes of a process and all it started; 0 when it is gone."""
    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6
    except psutil.NoSuchProcess:
        return 0.0
