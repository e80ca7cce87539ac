"""How many decisions were taken, by lifecycle, trigger and outcome: counted once, then only what is added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from workflow.queries.added_moves import AddedMoves
from workflow.store import schema
from workflow.store.port import Store

_MOVE, _SUBJECT = schema.moves.c, schema.subjects.c
_GROUP = (_SUBJECT.lifecycle, _MOVE.trigger, _MOVE.outcome)

Counts = Mapping[tuple[str, str, str], int]
"""How many decisions, by (lifecycle, trigger, outcome)."""


class DecisionCounts:
    """Counts the moves of a store. Not for several threads at once."""

    def __init__(self, store: Store) -> None:
        self._moves = AddedMoves(store, _counted)

    def read(self) -> Counts:
        """All that are committed by now. The first time every move is read: not within a request."""
        return self._moves.read()


def _counted(connection: Connection, after: int, upto: int | None) -> Counter[tuple[str, str, str]]:
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
