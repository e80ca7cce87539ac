"""Notices: what was to be told, to whom and over which channel, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select

from workflow.errors import NotFound
from workflow.queries.cursor import fetch_page, row_of
from workflow.queries.effects import effect_rows
from workflow.store import schema
from workflow.store.keys import range_below
from workflow.store.port import Store

_EFFECT, _SUBJECT = schema.outbox.c, schema.subjects.c


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice.

    Attributes:
        key: its idempotency key, ``<subject>/<seq>/<n>``.
        subject: key of the subject that asked for it.
        channel: the one that was asked for, or `preferred`; `receipt` says which it went over.
        to: an address, or an object with one address a channel.
        state: pending, published, sending, settled, dead, unknown or recalled.
        due_at: when it is looked at again, UTC; null when it is settled, dead, unknown or recalled.
        receipt: what became of it.
        error: what went wrong last, or why it waits or was recalled.
    """

    id: int
    key: str
    subject: str
    channel: str
    about: str | None
    to: Any
    title: str | None
    words: str | None
    language: str | None
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    receipt: Any
    error: str | None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Some notices, and the cursor of the next page (None: that was all)."""

    items: list[NoticeView]
    next: str | None


def notices(
    store: Store,
    *,
    subject: str | None = None,
    states: Collection[str] = (),
    limit: int = 100,
    cursor: str | None = None,
) -> NoticePage:
    """A page of notices, the oldest first; of one subject, in one of these states. Raises InvalidQuery."""
    statement = _query().where(_EFFECT.id > row_of(cursor)).order_by(_EFFECT.id)
    if subject is not None:
        first, last = range_below(subject)
        statement = statement.where(_EFFECT.key > first, _EFFECT.key < last, _SUBJECT.key == subject)
    if states:
        statement = statement.where(_EFFECT.state.in_(states))
    with store.connect() as connection:
        rows, more = fetch_page(connection, statement, limit)
    return NoticePage([_view(row) for row in rows], more)


def notice(store: Store, notice_id: int) -> NoticeView:
    """One notice. Raises NotFound."""
    with store.connect() as connection:
        row = connection.execute(_query().where(_EFFECT.id == notice_id)).first()
    if row is None:
        raise NotFound(f"notice: there is none with the id {notice_id}")
    return _view(row)


def _query() -> Select[Any]:
    return effect_rows().where(_EFFECT.kind == "notice")


def _view(row: Row[*tuple[Any, ...]]) -> NoticeView:
    said = row.payload
    return NoticeView(
        row.id,
        row.key,
        row.subject_key,
        row.target,
        said.get("about"),
        said.get("to"),
        said.get("title"),
        said.get("words"),
        said.get("language"),
        row.state,
        row.attempts,
        row.created_at,
        row.due_at,
        row.settled_at,
        row.receipt,
        row.error,
    )
