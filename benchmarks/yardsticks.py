"""Yardsticks: what the machine itself can do at this moment, whoever's turn it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psycopg

from benchmarks.rounds import Yardstick

SECONDS = 1.0
_ROWS, _BATCH = 60_000, 500
_CLAIM = """
with due as (select id from pg_temp.ruler_timers where due_at <= now() order by due_at limit %s
    for update skip locked),
  gone as (delete from pg_temp.ruler_timers t using due where t.id = due.id returning t.subject),
  moved as (update pg_temp.ruler_subjects s set seq = seq + 1 from gone where s.id = gone.subject
    returning s.id)
select count(*) from moved"""


def on_postgresql(conninfo: str) -> Mapping[str, Yardstick]:
    """Commits a second of one connection, and rows a second that one statement claims in memory."""
    return {"commits": lambda: _commits(conninfo), "claims": lambda: _claims(conninfo)}


def on_sqlite(directory: Path) -> Mapping[str, Yardstick]:
    """Commits a second at full durability, and what this interpreter counts."""
    return {"commits": lambda: _sqlite_commits(directory), "counting": _counting}


def _commits(conninfo: str) -> float:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("create table if not exists ruler (id bigint, body text)")
        connection.execute("truncate ruler")
        return _in_a_second(lambda n: connection.execute("insert into ruler values (%s, 'a row')", (n,)))


def _claims(conninfo: str) -> float:
    """The server's own speed: temporary tables, so that no disk has a say."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("create temp table ruler_subjects (id bigint primary key, seq int)")
        connection.execute("create temp table ruler_timers (id bigint, subject bigint, due_at timestamptz)")
        connection.execute("insert into ruler_subjects select n, 0 from generate_series(1, %s) n", (_ROWS,))
        connection.execute(
            "insert into ruler_timers select n, n, now() - interval '1 hour' from generate_series(1, %s) n",
            (_ROWS,),
        )
        connection.execute("create index on ruler_timers (due_at)")
        connection.execute("analyze ruler_subjects, ruler_timers")
        begun = perf_counter()
        for _ in range(_ROWS // _BATCH):
            connection.execute(_CLAIM, (_BATCH,))
        return _ROWS / (perf_counter() - begun)


def _sqlite_commits(directory: Path) -> float:
    with TemporaryDirectory(dir=directory) as place:
        connection = sqlite3.connect(Path(place) / "ruler.db", isolation_level=None)
        connection.execute("pragma journal_mode=WAL")
        connection.execute("pragma synchronous=FULL")
        connection.execute("create table ruler (id integer, body text)")
        try:
            return _in_a_second(lambda n: connection.execute("insert into ruler values (?, 'a row')", (n,)))
        finally:
            connection.close()


def _counting() -> float:
    return _in_a_second(lambda n: sum(range(1000)), SECONDS / 4)


def _in_a_second(step: object, seconds: float = SECONDS) -> float:
    assert callable(step)
    begun, done = perf_counter(), 0
    while (spent := perf_counter() - begun) < seconds:
        step(done)
        done += 1
    return done / spent
