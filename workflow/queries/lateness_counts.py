"""How late timers were decided, by lifecycle: as a histogram, counted once and then only what is added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, DateTime, Float, Text, case, cast, func, select, type_coerce

from workflow.queries.added_moves import AddedMoves
from workflow.store import schema
from workflow.store.port import Store

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Seconds; what is later than the last is in no bucket but the one of all."""
_MOVE, _SUBJECT = schema.moves.c, schema.subjects.c
_MICROSECONDS = None
"""In the place of a bucket: what all of them were late together."""

Buckets = Counter[tuple[str, int | None]]


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of one lifecycle: how many timers were late by at most each of `BOUNDS`, how many in all, the sum."""

    within: tuple[int, ...]
    count: int
    seconds: float


class LatenessCounts:
    """Counts the moves of a store that timers caused. Not for several threads at once."""

    def __init__(self, store: Store) -> None:
        self._moves = AddedMoves(store, _counted)

    def read(self) -> Mapping[str, Lateness]:
        """By lifecycle. The first time every move is read: not within a request."""
        buckets = self._moves.read()
        return {name: _lateness(name, buckets) for name in sorted({lifecycle for lifecycle, _ in buckets})}


def _lateness(lifecycle: str, buckets: Buckets) -> Lateness:
    within, so_far = [], 0
    for place in range(len(BOUNDS)):
        so_far += buckets[lifecycle, place]
        within.append(so_far)
    count = so_far + buckets[lifecycle, len(BOUNDS)]
    return Lateness(tuple(within), count, buckets[lifecycle, _MICROSECONDS] / 1e6)


def _counted(connection: Connection, after: int, upto: int | None) -> Buckets:
    late = _seconds_late(connection.dialect.name)
    bucket = case(*((late <= bound, place) for place, bound in enumerate(BOUNDS)), else_=len(BOUNDS))
    query = (
        select(_SUBJECT.lifecycle, bucket.label("bucket"), func.count(), func.sum(late))
        .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .where(_MOVE.id > after, _MOVE.due_at.is_not(None))
        .group_by(_SUBJECT.lifecycle, "bucket")
    )
    if upto is not None:
        query = query.where(_MOVE.id <= upto)
    found: Buckets = Counter()
    for lifecycle, place, count, seconds in connection.execute(query):
        found[lifecycle, place] += count
        found[lifecycle, _MICROSECONDS] += round(float(seconds) * 1e6)
    return found


def _seconds_late(dialect: str) -> ColumnElement[float]:
    """From the instant at which a timer was due to that of its decision."""
    if dialect == "postgresql":
        at, due_at = (type_coerce(one, DateTime(timezone=True)) for one in (_MOVE.at, _MOVE.due_at))
        return cast(func.extract("epoch", at - due_at), Float)
    day, due_day = (func.julianday(type_coerce(one, Text)) for one in (_MOVE.at, _MOVE.due_at))
    return cast((day - due_day) * 86_400.0, Float)
