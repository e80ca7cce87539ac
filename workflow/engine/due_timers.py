"""Due timers: which ones are due, and when the next one will be.

The index of timers is by lifecycle first, since claims take turns among lifecycles; so every query goes
through the names of lifecycles.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    bindparam,
    false,
    func,
    select,
    union_all,
)

from workflow.store.port import Store
from workflow.store.schema import definitions, timers

_LIFECYCLES = select(definitions.c.lifecycle).distinct()


def is_due(now: datetime) -> ColumnElement[bool]:
    """The condition that a timer is due at `now`, for counting all that are.

    The instant stands in the statement itself: for a parameter PostgreSQL assumes that a third of all timers
    are due by then, and reads them all.
    """
    at = bindparam("due_by", now, type_=timers.c.due_at.type, literal_execute=True)
    return timers.c.lifecycle.in_(_LIFECYCLES) & (timers.c.due_at <= at)


def due_rows(connection: Connection, now: datetime, limit: int) -> Select[tuple[int, datetime]]:
    """A query for (subject_id, due_at) of timers due at `now`: of each lifecycle the first, at most `limit`.

    Each part reads the index in its order, so that its cost depends on `limit` and not on what is pending.
    """
    parts = [
        select(timers.c.subject_id, timers.c.due_at)
        .where(timers.c.lifecycle == name, timers.c.due_at <= now)
        .order_by(timers.c.due_at)
        .limit(limit)
        .subquery()
        for name in connection.execute(_LIFECYCLES).scalars()
    ]
    if not parts:
        return select(timers.c.subject_id, timers.c.due_at).where(false())
    due = union_all(*(select(part) for part in parts)).subquery()
    return select(due.c.subject_id, due.c.due_at).limit(limit)


def first_due(connection: Connection, after: datetime | None = None) -> datetime | None:
    """When the first timer is due, of those due after an instant if it is given, UTC; None without any."""
    names = _LIFECYCLES.subquery()
    earliest = _earliest(names.c.lifecycle, after).label("earliest")
    each = select(earliest).select_from(names).subquery()
    return connection.execute(select(func.min(each.c.earliest, type_=timers.c.due_at.type))).scalar()


def _earliest(lifecycle: ColumnElement[str], after: datetime | None) -> ScalarSelect[datetime]:
    of_one = select(func.min(timers.c.due_at)).where(
        timers.c.lifecycle == lifecycle, timers.c.due_at.is_not(None)
    )
    return (of_one if after is None else of_one.where(timers.c.due_at > after)).scalar_subquery()


def next_due(store: Store) -> datetime | None:
    """When the next timer fires, UTC; None when none is pending. Reads an index once for each lifecycle."""
    with store.connect() as connection:
        return first_due(connection)
