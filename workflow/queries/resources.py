"""Subjects with their revision, one or page by page; the data are read only where they are wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, null, select

from state_machines.subject import INITIAL
from workflow.errors import NotFound
from workflow.queries.cursor import fetch_page, row_of
from workflow.store import schema
from workflow.store.keys import key_is
from workflow.store.port import Store
from workflow.store.revisions import revision_column

_SUBJECT = schema.subjects.c


@dataclass(frozen=True, slots=True)
class Resource:
    """One subject as it stands.

    Attributes:
        key: its address, ``<lifecycle>:<id>``.
        version: the version of the lifecycle's definition that it lives through.
        revision: number of the last decision that changed it.
        data: what it knows; empty where it was not asked for.
        parent: key of the subject that opened it.
        opened_at, changed_at: UTC.
        closed_at: since when it is in a final state, UTC.
    """

    key: str
    version: int
    state: str
    revision: int
    data: Mapping[str, Any]
    parent: str | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None


class ResourcePage(NamedTuple):
    """Some of them, and the cursor of the next page (None: that was all)."""

    items: list[Resource]
    next: str | None


class Chosen(NamedTuple):
    """Which subjects of a lifecycle; what is None or empty narrows nothing.

    Attributes:
        states: only in one of these.
        parent: only those that this subject opened.
        open: only those that are in no final state, or only those that are.
    """

    states: Collection[str] = ()
    parent: str | None = None
    open: bool | None = None


def resource(store: Store, key: str) -> Resource:
    """The subject of this key. Raises NotFound where no event has opened one."""
    with store.connect() as connection:
        row = connection.execute(_query(data=True).where(key_is(_SUBJECT.key, key))).first()
    if row is None or row.state == INITIAL:
        raise NotFound(f"subject: there is no {key!r}")
    return _resource(row)


def revision_of(store: Store, key: str) -> int:
    """Number of the last decision that changed a subject; 0 where none has."""
    with store.connect() as connection:
        return connection.scalar(select(revision_column()).where(key_is(_SUBJECT.key, key))) or 0


def resources(
    store: Store, lifecycle: str, chosen: Chosen, *, data: bool, limit: int, cursor: str | None
) -> ResourcePage:
    """A page of the subjects of a lifecycle that have been opened, the oldest first.

    Raises InvalidQuery for a wrong cursor.
    """
    statement = _query(data=data).where(
        _SUBJECT.lifecycle == lifecycle, _SUBJECT.state != INITIAL, _SUBJECT.id > row_of(cursor)
    )
    if chosen.states:
        statement = statement.where(_SUBJECT.state.in_(chosen.states))
    if chosen.parent is not None:
        statement = statement.where(_SUBJECT.parent == chosen.parent)
    if chosen.open is not None:
        closed = _SUBJECT.closed_at
        statement = statement.where(closed.is_(None) if chosen.open else closed.is_not(None))
    with store.connect() as connection:
        rows, more = fetch_page(connection, statement.order_by(_SUBJECT.id), limit)
    return ResourcePage([_resource(row) for row in rows], more)


def _query(*, data: bool) -> Select[Any]:
    return select(
        *(_SUBJECT.id, _SUBJECT.key, _SUBJECT.version, _SUBJECT.state),
        func.coalesce(revision_column(), 0).label("revision"),
        (_SUBJECT.data if data else null()).label("data"),
        *(_SUBJECT.parent, _SUBJECT.opened_at, _SUBJECT.changed_at, _SUBJECT.closed_at),
    )


def _resource(row: Row[*tuple[Any, ...]]) -> Resource:
    _, key, version, state, revision, data, *more = row
    return Resource(key, version, state, revision, data or {}, *more)
