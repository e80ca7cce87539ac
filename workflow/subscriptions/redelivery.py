"""Redelivery on demand: one change, or everything since an instant, once more and under the same ids."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from state_machines.errors import Problem
from workflow.errors import InvalidQuery, NotFound
from workflow.queries.changes import change_named, row_before
from workflow.store.port import Store
from workflow.store.schema import held_changes, subscriptions
from workflow.subscriptions.subscription import Choice, filter_of

_ROW, _HELD = subscriptions.c, held_changes.c


def redeliver_one(store: Store, identity: str, change: str, now: datetime) -> bool:
    """Have one change sent once more, in the order of its subject; False: it is still to be sent anyway.

    Raises NotFound for an unknown subscription or change, InvalidQuery for one that it is not for.
    """
    with store.begin() as transaction:
        connection = transaction.connection
        position, choice = _locked(connection, identity)
        found = change_named(connection, change)
        if found is None:
            raise NotFound(f"change: there is none with the id {change!r}")
        if not choice.takes(found):
            raise InvalidQuery(
                [Problem("change", "not-wanted", "is none of those that this subscription is for")]
            )
        if found.row > position:
            return False
        held = select(_HELD.move_id).where(_HELD.subscription_id == identity, _HELD.move_id == found.row)
        if connection.execute(held).first() is not None:
            return False
        row = {
            "subscription_id": identity,
            "move_id": found.row,
            "subject": found.subject,
            "attempts": 0,
            "due_at": now,
        }
        connection.execute(insert(held_changes).values(row))
        _set(connection, identity, retry_at=now)
        return True


def redeliver_since(store: Store, identity: str, since: datetime, now: datetime) -> None:
    """Have everything sent once more that was decided from this instant (UTC) on, and perhaps a little more.

    Raises NotFound for an unknown subscription.
    """
    with store.connect() as connection:
        row = row_before(connection, since)
    with store.begin() as transaction:
        connection = transaction.connection
        position, _ = _locked(connection, identity)
        if row >= position:
            return
        behind = delete(held_changes).where(_HELD.subscription_id == identity, _HELD.move_id > row)
        connection.execute(behind)  # it comes again by the position
        _set(connection, identity, position=row, due_at=now)


def _locked(connection: Connection, identity: str) -> tuple[int, Choice]:
    query = select(_ROW.position, _ROW.wanted, _ROW.condition).where(_ROW.id == identity).with_for_update()
    found = connection.execute(query).one_or_none()
    if found is None:
        raise NotFound(f"subscription: there is none with the id {identity!r}")
    return found.position, Choice(filter_of(found.wanted), found.condition)


def _set(connection: Connection, identity: str, **values: object) -> None:
    """A turn that is under way must not write over it: it loses its right to."""
    said = {"token": None, "lease_until": None, **values}
    connection.execute(update(subscriptions).where(_ROW.id == identity).values(said))
