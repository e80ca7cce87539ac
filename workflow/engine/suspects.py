"""Suspects: events and timers in whose decision a process died. Once is bad luck, twice is a dead letter.

A suspect is decided alone, in a transaction of its own, so that its second death says which one it was and
takes nothing else with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from workflow.engine.decision_marks import MarkedWork
from workflow.store import schema
from workflow.store.port import Pending, Store

ENDED_PROCESSES = "ended-processes"
"""With what the error of a dead letter begins whose decision ended the processes that took it."""
DEATHS = 2
"""So many, and it is a dead letter."""
_TOGETHER = 200
_deaths_of = attrgetter("deaths")
T = TypeVar("T")

_INBOX, _TIMER = schema.inbox.c, schema.timers.c


def suspect(store: Store, work: Iterable[MarkedWork], now: datetime) -> None:
    """Count one death of what a process was deciding, as far as it is still undecided, in one transaction.

    It is one more than was known when that was taken. So whoever took it anew before the first death was
    known, and was killed by the same hand, does not count again: nobody has decided it as a suspect yet.
    """
    found = list(work)
    owners = sorted({one.subject_row for one in found})
    with store.begin() as transaction:
        connection = transaction.connection
        for some in _parts(owners):  # whatever belongs to a subject changes only under its lock
            ids = schema.subjects.c.id.in_(some)
            connection.execute(
                select(schema.subjects.c.id).where(ids).order_by(schema.subjects.c.id).with_for_update()
            )
        for known in sorted({one.deaths for one in found}):
            _count(connection, [one for one in found if one.deaths == known], known, now)


def _count(connection: Connection, work: Sequence[MarkedWork], known: int, now: datetime) -> None:
    """The next death of these, of which so many were known."""
    for events in _parts([one.event_row for one in work if one.event_row is not None]):
        undecided = and_(_INBOX.event_id.in_(events), _INBOX.dead_at.is_(None), _no_more(_INBOX, known))
        connection.execute(update(schema.inbox).where(undecided).values(**_one_more(known, now)))
    for timers in _parts([one for one in work if one.event_row is None]):
        pending = and_(or_(*map(_setting, timers)), _TIMER.due_at.is_not(None), _no_more(_TIMER, known))
        fields = _one_more(known, now)
        if "dead_at" in fields:
            fields["due_at"] = None
        connection.execute(update(schema.timers).where(pending).values(**fields))


def decided_together(work: Sequence[Pending]) -> int:
    """How many of a batch may be decided in one transaction: all before the first suspect, or it alone."""
    if not any(map(_deaths_of, work)):
        return len(work)
    return max(1, next(number for number, one in enumerate(work) if one.deaths))


def _no_more(columns: Any, known: int) -> ColumnElement[bool]:
    """No further death has been counted meanwhile."""
    return func.coalesce(columns.deaths, 0) <= known


def _one_more(known: int, now: datetime) -> dict[str, Any]:
    """The next values of `deaths` and, where these are enough, of `dead_at` and `error`."""
    deaths = known + 1
    if deaths < DEATHS:
        return {"deaths": deaths}
    words = f"{ENDED_PROCESSES}: its decision ended {deaths} processes"
    return {"deaths": deaths, "dead_at": now, "error": words}


def _setting(one: MarkedWork) -> ColumnElement[bool]:
    return and_(_TIMER.subject_id == one.subject_row, _TIMER.name == one.timer, _TIMER.setting == one.setting)


def _parts(found: Sequence[T]) -> Iterable[Sequence[T]]:
    return (found[start : start + _TOGETHER] for start in range(0, len(found), _TOGETHER))
