"""Databases to work in: with so many pending timers or closed subjects, and new work added for each run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from time import time

import psycopg

from benchmarks.dues import Dues
from benchmarks.filling import Filling, filled
from benchmarks.session import Session

_COPIED = 1_000_000
"""A larger one is not copied for each run but used again: what a run adds to it is a few in a hundred."""
_HOUR = 3600.0
_numbers = count(1)


@contextmanager
def working(session: Session, filling: Filling) -> Iterator[str]:
    """Name of a database with this filling, in which nothing waits but what is added."""
    template = filled(session, filling)
    if filling.pending + filling.closed <= _COPIED:
        name = session.database(template)
        yield name
        session.drop(name)
        return
    with psycopg.connect(session.conninfo(template), autocommit=True) as connection:
        connection.execute("truncate inbox, outbox")
    yield template


def add_due(session: Session, database: str, number: int) -> None:
    """New subjects of which each has a timer that was due an hour ago."""
    dues = Dues("meter", number, time() - _HOUR, 1.0)
    with psycopg.connect(session.conninfo(database), autocommit=True) as connection:
        dues.load(connection, prefix())
        settle(connection)


def settle(connection: psycopg.Connection) -> None:
    """Statistics and a checkpoint, so that neither falls into what is measured."""
    connection.execute("vacuum (analyze)")
    connection.execute("checkpoint")


def prefix() -> str:
    """For keys and ids that no run before has used: a key that is known already measures its refusal."""
    return f"run{next(_numbers)}-"
