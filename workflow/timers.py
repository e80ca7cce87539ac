"""The future, as rows: what is due, and when the next one is.

The index of timers is by lifecycle first, since claims take turns among lifecycles; so every look at it goes
through their names.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, select

from workflow.store.port import Store
from workflow.store.schema import definitions, timers

_LIFECYCLES = select(definitions.c.lifecycle).distinct()


def is_due(now: datetime) -> ColumnElement[bool]:
    """The condition that a timer is due at `now`, in the form that the index answers."""
    return timers.c.lifecycle.in_(_LIFECYCLES) & (timers.c.due_at <= now)


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
    """When the next timer fires, UTC; None when none is pending. A look at an index for each lifecycle."""
    with store.connect() as connection:
        return first_due(connection)
