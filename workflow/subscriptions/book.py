"""The book of subscriptions: made, read, changed, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, update

from workflow.errors import NotFound
from workflow.queries.changes import ChangeFilter
from workflow.queries.cursor import cursor_after, rows_of
from workflow.store.port import Store, Transaction
from workflow.store.schema import forward_attempts, held_changes, subscriptions
from workflow.subscriptions.subscription import (
    Subscription,
    SubscriptionStatus,
    filter_document,
    filter_of,
    new_id,
    new_secret,
)

_ROW, _HELD = subscriptions.c, held_changes.c


class Wish(NamedTuple):
    """What somebody wants sent to them.

    Attributes:
        after: the row of the ledger behind which it begins.
    """

    url: str
    wanted: ChangeFilter
    after: int
    condition: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """A subscription, and its secret, which is not shown again."""

    subscription: Subscription
    secret: str


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """Some subscriptions, and the cursor of the next page (None: that was all)."""

    items: list[Subscription]
    next: str | None


def create(store: Store, wish: Wish, by: str, now: datetime) -> NewSubscription:
    """Make a subscription. What is wrong with the wish is the caller's to know (`checking.check`)."""
    identity, secret = new_id(), new_secret()
    values = {
        "id": identity,
        "url": wish.url,
        "description": wish.description,
        "wanted": filter_document(wish.wanted),
        "condition": wish.condition,
        "secret": secret,
        "status": SubscriptionStatus.ACTIVE.value,
        "position": wish.after,
        "due_at": now,
        "failures": 0,
        "created_at": now,
        "created_by": by,
        "changed_at": now,
    }
    with store.begin() as transaction:
        transaction.connection.execute(insert(subscriptions).values(values))
    return NewSubscription(found(store, identity), secret)


def found(store: Store, identity: str) -> Subscription:
    """One subscription. Raises NotFound."""
    with store.connect() as connection:
        row = connection.execute(_select().where(_ROW.id == identity)).one_or_none()
    if row is None:
        raise _unknown(identity)
    return _subscription(row)


def listed(store: Store, *, limit: int = 100, cursor: str | None = None) -> SubscriptionPage:
    """A page of them, the oldest first. Raises InvalidQuery for a wrong cursor."""
    (passed,) = rows_of(cursor, 1)
    with store.connect() as connection:
        query = _select().order_by(_ROW.created_at, _ROW.id).offset(passed).limit(limit + 1)
        rows = connection.execute(query).all()
    more = cursor_after(passed + limit) if len(rows) > limit else None
    return SubscriptionPage([_subscription(row) for row in rows[:limit]], more)


def change(store: Store, identity: str, said: Mapping[str, Any], now: datetime) -> Subscription:
    """Change what is said of `url`, `description`, `wanted`, `condition` and `status`, from the next turn on.

    Made active, it is tried at once, and what did not arrive counts as never tried. Raises NotFound.
    """
    values = dict(said) | {"changed_at": now, "token": None, "lease_until": None}
    if "wanted" in values:
        values["wanted"] = filter_document(values["wanted"])
    with store.begin() as transaction:
        if values.get("status") == SubscriptionStatus.ACTIVE:
            values |= {"reason": None, "told_at": None, "failures": 0, "due_at": now, "retry_at": now}
            anew = {"attempts": 0, "failing_since": None, "due_at": now}
            transaction.connection.execute(
                update(held_changes).where(_HELD.subscription_id == identity).values(anew)
            )
        _write(transaction, identity, values)
    return found(store, identity)


def remove(store: Store, identity: str) -> None:
    """Take a subscription away, with what is held for it and its attempts. Raises NotFound."""
    with store.begin() as transaction:
        gone = transaction.connection.execute(delete(subscriptions).where(_ROW.id == identity))
        if gone.rowcount == 0:
            raise _unknown(identity)
        for table in (held_changes, forward_attempts):
            transaction.connection.execute(delete(table).where(table.c.subscription_id == identity))


def rotate(store: Store, identity: str, overlap: timedelta, now: datetime) -> str:
    """Give it a new secret and return it; for so long what goes out is signed with the old one, too.

    Of several rotations in a row the last two secrets count. Raises NotFound.
    """
    secret = new_secret()
    with store.begin() as transaction:
        values = {
            "former_secret": _ROW.secret,
            "former_until": now + overlap,
            "secret": secret,
            "changed_at": now,
            "token": None,
            "lease_until": None,
        }
        _write(transaction, identity, values)
    return secret


def _write(transaction: Transaction, identity: str, values: Mapping[str, Any]) -> None:
    """A turn that is under way loses its right to write what came of it, and is repeated by the new word."""
    done = transaction.connection.execute(update(subscriptions).where(_ROW.id == identity).values(values))
    if done.rowcount == 0:
        raise _unknown(identity)


def _of(identity: ColumnElement[str]) -> ColumnElement[bool]:
    return _HELD.subscription_id == identity


def _select() -> Select[Any]:
    held = select(func.count()).where(_of(_ROW.id)).scalar_subquery()
    since = select(func.min(_HELD.failing_since, type_=_HELD.failing_since.type)).where(_of(_ROW.id))
    return select(subscriptions, held.label("held"), since.scalar_subquery().label("failing_since"))


def _subscription(row: Row[Any]) -> Subscription:
    wanted = filter_of(row.wanted)
    return Subscription(
        row.id,
        row.url,
        row.description,
        list(wanted.lifecycles),
        list(wanted.triggers),
        list(wanted.states),
        list(wanted.teams),
        list(wanted.outcomes),
        wanted.subject,
        row.condition,
        SubscriptionStatus(row.status),
        row.reason,
        row.failing_since,
        row.held,
        row.delivered_at,
        row.created_at,
        row.created_by,
        row.changed_at,
    )


def _unknown(identity: str) -> NotFound:
    return NotFound(f"subscription: there is none with the id {identity!r}")
