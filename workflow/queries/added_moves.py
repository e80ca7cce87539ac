"""Counts over all moves of the ledger: taken once, then only what is added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Text, cast, func, select

from workflow.store import schema
from workflow.store.port import Store

K = TypeVar("K")


class _Mark(NamedTuple):
    """The newest move at one moment, and the first transaction that had not begun by then."""

    row: int
    transaction: int


class AddedMoves(Generic[K]):
    """Adds up what a function counts. Not for several threads at once.

    Rows do not appear in the order of their ids where several write: an older one may still be uncommitted.
    So a row is counted for good only once every transaction has ended that was under way when it was seen.
    """

    def __init__(self, store: Store, counted: Callable[[Connection, int, int | None], Counter[K]]) -> None:
        """`counted(connection, after, upto)` counts the moves with a higher id than `after`, up to `upto`."""
        self._store = store
        self._counted = counted
        self._settled: Counter[K] = Counter()
        self._upto = 0
        self._mark: _Mark | None = None

    def read(self) -> Counter[K]:
        """All that are committed by now. The first time every move is read: not within a request."""
        with self._store.connect() as connection:
            if self._mark is not None and _oldest_running(connection) >= self._mark.transaction:
                self._settled += self._counted(connection, self._upto, self._mark.row)
                self._upto, self._mark = self._mark.row, None
            if self._mark is None:
                newest = connection.scalar(select(func.max(schema.moves.c.id))) or 0
                self._mark = _Mark(newest, _next_transaction(connection))
            return self._settled + self._counted(connection, self._upto, None)


def _oldest_running(connection: Connection) -> int:
    """The first transaction that may not have ended; SQLite has one writer, so there rows come in order."""
    return _of_snapshot(connection, "pg_snapshot_xmin")


def _next_transaction(connection: Connection) -> int:
    """The first that has not begun."""
    return _of_snapshot(connection, "pg_snapshot_xmax")


def _of_snapshot(connection: Connection, part: str) -> int:
    if connection.dialect.name != "postgresql":
        return 0
    said = connection.scalar(select(cast(getattr(func, part)(func.pg_current_snapshot()), Text)))
    return int(said or 0)
