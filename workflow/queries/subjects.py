"""Which subjects there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from state_machines.subject import INITIAL
from workflow.queries.cursor import cursor_after, row_of
from workflow.store import schema
from workflow.store.port import Store

_SUBJECT = schema.subjects.c


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One subject as it stands.

    Attributes:
        key: its address, ``<lifecycle>:<id>``.
        version: the version of the lifecycle's definition that it lives through.
        seq: decisions taken about it, refused ones included.
        parent: key of the subject that opened it.
        opened_at, changed_at: UTC.
    """

    key: str
    lifecycle: str
    version: int
    state: str
    seq: int
    data: Mapping[str, Any]
    parent: str | None
    opened_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """Some subjects, and the cursor of the next page (None: that was all)."""

    items: list[SubjectRow]
    next: str | None


SUBJECT_COLUMNS = (
    _SUBJECT.key,
    _SUBJECT.lifecycle,
    _SUBJECT.version,
    _SUBJECT.state,
    _SUBJECT.seq,
    _SUBJECT.data,
    _SUBJECT.parent,
    _SUBJECT.opened_at,
    _SUBJECT.changed_at,
)


def subjects(
    store: Store,
    *,
    lifecycle: str | None = None,
    states: Collection[str] = (),
    parent: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> SubjectPage:
    """A page of subjects that have been opened, the oldest row first.

    Args:
        lifecycle, parent: only of this lifecycle; only opened by this subject.
        states: only in one of these states; empty: in any.
        limit: at most so many.
        cursor: `next` of the page before. Raises InvalidQuery when it is none.
    """
    statement = (
        select(_SUBJECT.id, *SUBJECT_COLUMNS)
        .where(_SUBJECT.id > row_of(cursor), _SUBJECT.state != INITIAL)
        .order_by(_SUBJECT.id)
        .limit(limit + 1)
    )
    if lifecycle is not None:
        statement = statement.where(_SUBJECT.lifecycle == lifecycle)
    if states:
        statement = statement.where(_SUBJECT.state.in_(states))
    if parent is not None:
        statement = statement.where(_SUBJECT.parent == parent)
    with store.connect() as connection:
        rows = connection.execute(statement).all()
    shown = rows[:limit]
    more = cursor_after(shown[-1].id) if len(rows) > limit else None
    return SubjectPage([SubjectRow(*tuple(row)[1:]) for row in shown], more)


def subjects_by_state(store: Store) -> list[tuple[str, str, int]]:
    """(lifecycle, state, how many subjects). Reads all subjects: not for every second."""
    statement = select(_SUBJECT.lifecycle, _SUBJECT.state, func.count()).group_by(
        _SUBJECT.lifecycle, _SUBJECT.state
    )
    with store.connect() as connection:
        return [(lifecycle, state, count) for lifecycle, state, count in connection.execute(statement)]
