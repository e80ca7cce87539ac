"""All rotations that there are, read by the index of what has not ended."""

from __future__ import annotations

from sqlalchemy import select

from workflow.queries.subjects import SUBJECT_COLUMNS, SubjectRow
from workflow.store.port import Store
from workflow.store.schema import subjects

_SUBJECT = subjects.c


def rotations(store: Store, limit: int) -> list[SubjectRow]:
    """Those that were asked for or set and are not retired, `limit` at most, by name."""
    query = (
        select(*SUBJECT_COLUMNS)
        .where(_SUBJECT.lifecycle == "rotation", _SUBJECT.closed_at.is_(None))
        .where(_SUBJECT.state.in_(("unset", "scheduled")))
        .order_by(_SUBJECT.id)
        .limit(limit)
    )
    with store.connect() as connection:
        return sorted((SubjectRow(*row) for row in connection.execute(query)), key=lambda one: one.key)
