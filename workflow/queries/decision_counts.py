"""How many decisions were taken, by lifecycle, trigger and outcome: counted once, then only what is added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, Text, cast, func, select

from workflow.store import schema
from workflow.store.port import Store

_MOVE, _SUBJECT = schema.moves.c, schema.subjects.c
_GROUP = (_SUBJECT.lifecycle, _MOVE.trigger, _MOVE.outcome)

Counts = Mapping[tuple[str, str, str], int]
"""How many decisions, by (lifecycle, trigger, outcome)."""


class _Mark(NamedTuple):
    """The newest move at one moment, and the first transaction that had not begun by then."""

    row: int
    transaction: int


class DecisionCounts:
    """Counts the moves of a store. Not for several threads at once.

    Rows do not appear in the order of their ids where several write: an older one may still be uncommitted.
    So a row is counted for good only once every transaction has ended that was under way when it was seen.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settled: Counter[tuple[str, str, str]] = Counter()
        self._upto = 0
        self._mark: _Mark | None = None

    def read(self) -> Counts:
        """All that are committed by now. The first time every move is read: not within a request."""
        with self._store.connect() as connection:
            if self._mark is not None and _oldest_running(connection) >= self._mark.transaction:
                self._settled += _counted(connection, self._upto, self._mark.row)
                self._upto, self._mark = self._mark.row, None
            if self._mark is None:
                newest = connection.scalar(select(func.max(_MOVE.id))) or 0
                self._mark = _Mark(newest, _next_transaction(connection))
            return self._settled + _counted(connection, self._upto)


def _counted(connection: Connection, after: int, upto: int | None = None) -> Counter[tuple[str, str, str]]:
    """Those with a higher id than `after`, up to the id `upto`."""
    query = (
        select(*_GROUP, func.count())
        .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .where(_MOVE.id > after)
        .group_by(*_GROUP)
    )
    if upto is not None:
        query = query.where(_MOVE.id <= upto)
    return Counter(
        {(lifecycle, trigger, outcome): n for lifecycle, trigger, outcome, n in connection.execute(query)}
    )


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
