"""What a peer's handler does: by default only what `sink.note` does; with `BENCH_PROMISES`, the main job.

Of the main job it is the least that anybody would write by hand: in one transaction the promise has lapsed,
an escalation is there, and two notices, one for the customer and one for the desk; then both are appended to
a file, which is what makegood's recording channel does. Nothing is looked up, rendered, retried or settled.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from benchmarks.peers import sink

PROMISES = "BENCH_PROMISES"
"""Environment variable: the name of the database with the promises."""
_SENT = "BENCH_SENT"
_WORDS = 'We promised you: "A manager calls you back". The time for it has passed and it is not done.'
_TABLES = """
create table promises (id bigint primary key, state text not null, data jsonb not null);
create table escalations (
    id bigint generated always as identity primary key, promise bigint not null, state text not null);
create table notices (
    id bigint generated always as identity primary key, promise bigint not null, recipient text not null,
    words text not null, sent_at timestamptz);
"""
_LAPSE = """
with lapsed as (update promises set state = 'lapsed' where id = %(number)s returning id),
  opened as (insert into escalations (promise, state) select id, 'open' from lapsed)
insert into notices (promise, recipient, words, sent_at)
  select id, recipient, %(words)s, now() from lapsed, (values ('customer'), ('desk')) as r(recipient)"""
_CONNECTIONS = 10
"""Of one process at most: a peer may run its handlers in a hundred threads."""
_room = BoundedSemaphore(_CONNECTIONS)
_idle: list[Any] = []


def do(number: int, due: float) -> None:
    """The whole work of a handler."""
    name = os.environ.get(PROMISES)
    if name is not None:
        with _connection(name) as connection:
            connection.execute(_LAPSE, {"number": number, "words": _WORDS})
        with Path(os.environ[_SENT]).open("ab", buffering=0) as sent:
            for recipient in ("customer", "desk"):
                sent.write(f'{{"to": "{recipient}", "promise": {number}, "words": {_WORDS!r}}}\n'.encode())
    sink.note(number, due)


def environment(database: str, sent: str) -> dict[str, str]:
    """What makes the handlers of a peer do the main job."""
    return {PROMISES: database, _SENT: sent}


def tables(conninfo: str, count: int) -> None:
    """So many promises that are open, in an empty database."""
    import psycopg

    with psycopg.connect(conninfo) as connection:
        connection.execute(_TABLES)
        connection.execute(
            "insert into promises select n, 'open', jsonb_build_object('words', %s::text, 'customer', n)"
            " from generate_series(0, %s - 1) n",
            (_WORDS, count),
        )


@contextmanager
def _connection(name: str) -> Iterator[Any]:
    """One that nobody else has meanwhile, and that commits by itself."""
    import psycopg

    with _room:
        if _idle:
            connection = _idle.pop()
        else:
            port = os.environ["BENCH_PG_PORT"]
            conninfo = f"host=127.0.0.1 port={port} user=postgres dbname={name}"
            connection = psycopg.connect(conninfo, autocommit=True)
        yield connection
        _idle.append(connection)
