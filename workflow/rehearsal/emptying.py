"""A rehearsal is emptied when the first of what is in it is old: what test keys sent is nobody's record.

All of it goes together, so that nothing is left that another part of it leads to; the keys stay, and so do
the definitions. What changed last keeps its number, so that whoever follows changes misses none that come.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, text

from workflow.errors import StoreError
from workflow.store import schema
from workflow.store.port import Store
from workflow.store.purpose import Purpose

_STAYS = frozenset({"definitions", "keys", "purpose", "secrets"})
_EMPTIED = [one for one in reversed(schema.metadata.sorted_tables) if one.name not in _STAYS]
_HELD = "rehearsal-emptying"
_NOBODY = 0
"""Of no subject: the number of a change is kept on its behalf."""
_MOVE, _EVENT = schema.moves.c, schema.events.c


def goes_at(store: Store, days: int) -> datetime | None:
    """When all of it is emptied (UTC): so many days after the first event in it; None while there is none."""
    with store.connect() as connection:
        return _goes_at(connection, days)


def empty_when_due(store: Store, days: int, now: datetime) -> bool:
    """Empty it if its day has come; whether it was emptied now."""
    due = goes_at(store, days)
    if due is None or due > now:
        return False
    with store.begin() as transaction:
        transaction.hold([_HELD])
        due = _goes_at(transaction.connection, days)
        if due is None or due > now:  # another process was first
            return False
        _empty(transaction.connection, now)
    return True


def empty(store: Store, now: datetime) -> None:
    """Empty it, whatever is in it. Raises StoreError where the store is not a rehearsal's."""
    with store.begin() as transaction:
        transaction.hold([_HELD])
        _empty(transaction.connection, now)


def _goes_at(connection: Connection, days: int) -> datetime | None:
    first = connection.scalar(select(_EVENT.received_at).order_by(_EVENT.id).limit(1))
    return None if first is None else first + timedelta(days=days)


def _empty(connection: Connection, now: datetime) -> None:
    if connection.scalar(select(schema.purpose.c.kind)) != Purpose.REHEARSAL:
        raise StoreError("database: only what test keys sent is ever emptied [rehearsal]")
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"truncate {', '.join(one.name for one in _EMPTIED)}"))
    else:
        last = connection.scalar(select(func.max(_MOVE.id)))
        for table in _EMPTIED:
            connection.execute(delete(table))
        if last is not None:
            _keep_number(connection, last, now)


def _keep_number(connection: Connection, last: int, now: datetime) -> None:
    """SQLite numbers on from the last row there is: one stays behind that says nothing."""
    kept = {"trigger": "emptied", "source": "", "dest": "", "outcome": "moved"}
    connection.execute(
        insert(schema.moves).values(id=last, subject_id=_NOBODY, seq=1, version=1, at=now, **kept)
    )
