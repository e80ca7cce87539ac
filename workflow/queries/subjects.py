"""Which subjects there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from state_machines.subject import INITIAL
from workflow.errors import NotFound
from workflow.queries.cursor import fetch_page, row_of
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


_OF_KEY = select(_SUBJECT.id, *SUBJECT_COLUMNS).where(_SUBJECT.key == bindparam("key"))
_UNOPENED = and_(_SUBJECT.closed_at.is_(None), _SUBJECT.state == INITIAL)
"""Its first part, which always holds then, lets an index do that the many closed ones are not in."""


def subjects(
    store: Store,
    *,
    lifecycle: str | None = None,
    states: Collection[str] = (),
    parent: str | None = None,
    opened: bool = True,
    limit: int = 100,
    cursor: str | None = None,
) -> SubjectPage:
    """A page of subjects that have been opened, the oldest row first.

    Args:
        opened: False: those instead that events named and none has opened.
        lifecycle, parent: only of this lifecycle; only opened by this subject.
        states: only in one of these states; empty: in any.
        limit: at most so many.
        cursor: `next` of the page before. Raises InvalidQuery when it is none.
    """
    statement = (
        select(_SUBJECT.id, *SUBJECT_COLUMNS)
        .where(_SUBJECT.id > row_of(cursor), _SUBJECT.state != INITIAL if opened else _UNOPENED)
        .order_by(_SUBJECT.id)
    )
    if lifecycle is not None:
        statement = statement.where(_SUBJECT.lifecycle == lifecycle)
    if states:
        statement = statement.where(_SUBJECT.state.in_(states))
    if parent is not None:
        statement = statement.where(_SUBJECT.parent == parent)
    with store.connect() as connection:
        rows, more = fetch_page(connection, statement, limit)
    return SubjectPage([SubjectRow(*tuple(row)[1:]) for row in rows], more)


def find_subject(connection: Connection, key: str) -> tuple[int, SubjectRow] | None:
    """The id of its row, and the subject itself; None when no event ever named it."""
    if "\x00" in key:  # no key holds it, and PostgreSQL would not even compare with it
        return None
    row = connection.execute(_OF_KEY, {"key": key}).first()
    return None if row is None else (row.id, SubjectRow(*tuple(row)[1:]))


def opened_subject(store: Store, key: str) -> SubjectRow:
    """The subject of this key. Raises NotFound when no event ever opened it."""
    with store.connect() as connection:
        found = find_subject(connection, key)
    if found is None or found[1].opened_at is None:
        raise NotFound(f"subject: there is no {key!r}")
    return found[1]


def never_opened(store: Store) -> int:
    """How many subjects there are whose events have all been refused. Reads all that are open."""
    with store.connect() as connection:
        return connection.scalar(select(func.count()).where(_UNOPENED, _SUBJECT.seq > 0)) or 0


def subjects_by_state(store: Store) -> list[tuple[str, str, int]]:
    """(lifecycle, state, how many subjects). Reads all subjects: not for every second."""
    statement = select(_SUBJECT.lifecycle, _SUBJECT.state, func.count()).group_by(
        _SUBJECT.lifecycle, _SUBJECT.state
    )
    with store.connect() as connection:
        return [(lifecycle, state, count) for lifecycle, state, count in connection.execute(statement)]
