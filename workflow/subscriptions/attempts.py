"""The attempts at sending changes: what was answered, kept for some days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from workflow.errors import NotFound
from workflow.queries.cursor import fetch_page, rows_of
from workflow.store.port import Store
from workflow.store.schema import forward_attempts, subscriptions

_ROW = forward_attempts.c
_NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt.

    Attributes:
        change: the id of the change.
        number: which attempt at it this was, from 1, since it last arrived or was asked for anew.
        at: when it began, UTC.
        milliseconds: until it was answered, or given up.
        status: HTTP status of the answer; None: there was none, for the reason in `error`.
        answer: how the body of the answer begins.
    """

    change: str
    number: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str


@dataclass(frozen=True, slots=True)
class AttemptPage:
    """Some attempts, and the cursor of the next page (None: that was all)."""

    items: list[AttemptRow]
    next: str | None


def attempts(
    store: Store, subscription: str, *, failed: bool = False, limit: int = 100, cursor: str | None = None
) -> AttemptPage:
    """A page of them, the newest first; `failed`: only those that did not arrive.

    Raises NotFound for an unknown subscription, InvalidQuery for a wrong cursor.
    """
    (before,) = rows_of(cursor, 1)
    query = select(
        _ROW.id, _ROW.change, _ROW.number, _ROW.at, _ROW.milliseconds, _ROW.status, _ROW.error, _ROW.answer
    ).where(_ROW.subscription_id == subscription, _ROW.id < (before or _NEWEST))
    if failed:
        query = query.where(_ROW.status.is_(None) | (_ROW.status < 200) | (_ROW.status >= 300))
    with store.connect() as connection:
        known = select(subscriptions.c.id).where(subscriptions.c.id == subscription)
        if connection.execute(known).first() is None:
            raise NotFound(f"subscription: there is none with the id {subscription!r}")
        rows, more = fetch_page(connection, query.order_by(_ROW.id.desc()), limit)
    return AttemptPage([AttemptRow(*tuple(row)[1:]) for row in rows], more)


def prune(store: Store, before: datetime, most: int = 5_000) -> int:
    """Forget what was tried before this instant (UTC), at most so many; how many it were."""
    with store.connect() as connection:
        found = list(connection.scalars(select(_ROW.id).where(_ROW.at < before).limit(most)))
    if found:
        with store.begin() as transaction:
            transaction.connection.execute(delete(forward_attempts).where(_ROW.id.in_(found)))
    return len(found)
