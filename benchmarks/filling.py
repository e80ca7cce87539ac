"""Databases with very many subjects and timers, filled by the server itself: minutes, not hours.

Rows are as the engine writes them. A filled database is a template: each run gets a copy of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from benchmarks.meter import METER
from benchmarks.session import Session
from workflow.engine.registry import Registry
from workflow.store import open_store

_SCATTER = 7919
"""A prime: subjects come up in an order that has nothing to do with their rows."""


@dataclass(frozen=True)
class Filling:
    """How many of what.

    Attributes:
        due: subjects whose timer is due, a millisecond apart, the last an hour ago.
        pending: subjects whose timer is due in three days.
        closed: subjects that have ended, each with one move in the ledger.
        events: accepted events that wait in the inbox, each about any of the `pending` subjects.
    """

    due: int = 0
    pending: int = 0
    closed: int = 0
    events: int = 0


def filled(session: Session, filling: Filling) -> str:
    """Name of the template with this filling; made when it is first asked for. Nobody may connect to it."""
    name = f"template {filling}"
    if name not in session.kept:
        session.kept[name] = _fill(session, filling)
    found: str = session.kept[name]
    return found


def _fill(session: Session, filling: Filling) -> str:
    with session.step(f"filling a database: {filling}"):
        url = session.migrated("postgresql")
        name = url.rpartition("/")[2]
        store = open_store(url, patient=True)
        Registry(store).register([(METER, None)], datetime.now(UTC))
        store.close()
        with psycopg.connect(session.conninfo(name), autocommit=True) as connection:
            with _without_indexes(connection, ("subjects", "timers", "moves", "events", "inbox")):
                _rows(connection, filling)
            for table in ("subjects", "events", "moves"):
                connection.execute(
                    f"select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table}"
                )
            connection.execute("vacuum (analyze)")
            connection.execute("checkpoint")
    return name


def _rows(connection: psycopg.Connection, filling: Filling) -> None:
    due, living = filling.due, filling.due + filling.pending
    insert_rows(connection, "subjects", _subject("read_lately"), 1, living)
    closed = {**_subject("closed"), "closed_at": "now()"}
    insert_rows(connection, "subjects", closed, living + 1, living + filling.closed)
    when = f"now() - interval '1 hour' + (n - {due}) * interval '1 ms'"
    insert_rows(connection, "timers", _timer(f"1 + (n * {_SCATTER}::bigint) % {due}", when), 1, due)
    when = "now() + interval '3 days' + n * interval '1 ms'"
    pending = f"{due} + 1 + (n * {_SCATTER}::bigint) % {filling.pending}"
    insert_rows(connection, "timers", _timer(pending, when), 1, filling.pending)
    insert_rows(connection, "moves", _move(f"{living} + n"), 1, filling.closed)
    insert_rows(connection, "events", _event(pending), 1, filling.events)
    insert_rows(connection, "inbox", {"event_id": "n", "subject_id": pending}, 1, filling.events)


def _subject(state: str) -> Mapping[str, str]:
    return {
        "id": "n", "key": "'meter:p' || n", "lifecycle": "'meter'", "version": "1", "state": f"'{state}'",
        "seq": "1", "data": "'{}'", "opened_at": "now()", "changed_at": "now()",
    }  # fmt: skip


def _timer(subject: str, due_at: str) -> Mapping[str, str]:
    return {
        "subject_id": subject, "name": "'read_lately'", "setting": "1", "set_at": "now()", "due_at": due_at,
        "lifecycle": "'meter'",
    }  # fmt: skip


def _move(subject: str) -> Mapping[str, str]:
    return {
        "id": "n", "subject_id": subject, "seq": "1", "trigger": "'close'", "source": "'read_lately'",
        "dest": "'closed'", "outcome": "'moved'", "version": "1", "at": "now()",
    }  # fmt: skip


def _event(subject: str) -> Mapping[str, str]:
    return {
        "id": "n", "source": "'/bench'", "event_id": "'filled-' || n", "subject_id": subject,
        "type": "'meter.read'", "time": "now()", "data": "'{\"posted\": 0}'", "received_at": "now()",
    }  # fmt: skip


def insert_rows(
    connection: psycopg.Connection, table: str, columns: Mapping[str, str], first: int, last: int
) -> None:
    """Rows numbered n; columns that this schema does not have are left out."""
    if last < first:
        return
    known = {
        row[0]
        for row in connection.execute(
            "select column_name from information_schema.columns where table_name = %s", (table,)
        )
    }
    taken = {name: value for name, value in columns.items() if name in known}
    connection.execute(
        f"insert into {table} ({', '.join(taken)}) select {', '.join(taken.values())}"
        f" from generate_series({first}::bigint, {last}::bigint) as n"
    )


@contextmanager
def _without_indexes(connection: psycopg.Connection, tables: tuple[str, ...]) -> Iterator[None]:
    """Take all indexes off, and build them anew at the end: ten times as fast as growing them."""
    constraints = connection.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid::regclass::text = any(%s) and contype in ('p', 'u')",
        (list(tables),),
    ).fetchall()
    for table, name, _ in constraints:
        _say(connection, "alter table {} drop constraint {}", table, name)
    indexes = connection.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename = any(%s)",
        (list(tables),),
    ).fetchall()
    for name, _ in indexes:
        _say(connection, "drop index {}", name)
    yield
    for table, name, definition in constraints:
        statement = sql.SQL("alter table {} add constraint {} ").format(
            sql.Identifier(table), sql.Identifier(name)
        )
        connection.execute(statement + sql.SQL(definition))
    for _, definition in indexes:
        connection.execute(definition)


def _say(connection: psycopg.Connection, words: str, *names: str) -> None:
    connection.execute(sql.SQL(words).format(*map(sql.Identifier, names)))
