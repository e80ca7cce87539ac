"""What a peer's handler does: by default only what `sink.note` does; with `BENCH_PROMISES`, the main job.

Of the main job it is the least that anybody would write by hand: in one transaction the promise has lapsed,
an escalation is there, and two notices, one for the customer and one for the desk; then both are appended to
a file, which is what makegood's recording channel does. Nothing is looked up, rendered, retried or settled.
"""

import os
from pathlib import Path
from threading import local

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
_mine = local()


def do(number: int, due: float) -> None:
    """The whole work of a handler; the connection is its thread's own."""
    name = os.environ.get(PROMISES)
    if name is not None:
        _connection(name).execute(_LAPSE, {"number": number, "words": _WORDS})
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


def _connection(name: str):  # type: ignore[no-untyped-def]
    if not hasattr(_mine, "connection"):
        import psycopg

        port = os.environ["BENCH_PG_PORT"]
        conninfo = f"host=127.0.0.1 port={port} user=postgres dbname={name}"
        _mine.connection = psycopg.connect(conninfo, autocommit=True)
    return _mine.connection
