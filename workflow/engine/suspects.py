"""Suspects: events and timers in whose decision a process died. Once is bad luck, twice is a dead letter.

A suspect is decided alone, in a transaction of its own, so that its second death says which one it was and
takes nothing else with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from sqlalchemy import ColumnElement, Table, and_, case, func, literal, null, or_, select, update

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
    """Count one death of what a process was deciding, as far as it is still undecided, in one transaction."""
    found = list(work)
    owners = sorted({one.subject_row for one in found})
    with store.begin() as transaction:
        connection = transaction.connection
        for some in _parts(owners):  # whatever belongs to a subject changes only under its lock
            ids = schema.subjects.c.id.in_(some)
            connection.execute(
                select(schema.subjects.c.id).where(ids).order_by(schema.subjects.c.id).with_for_update()
            )
        for events in _parts([one.event_row for one in found if one.event_row is not None]):
            undecided = and_(_INBOX.event_id.in_(events), _INBOX.dead_at.is_(None))
            connection.execute(update(schema.inbox).where(undecided).values(**_one_more(schema.inbox, now)))
        for timers in _parts([one for one in found if one.event_row is None]):
            pending = and_(or_(*map(_setting, timers)), _TIMER.due_at.is_not(None))
            fields = _one_more(schema.timers, now)
            due_at = case((_counted(schema.timers) >= DEATHS, null()), else_=_TIMER.due_at)
            connection.execute(update(schema.timers).where(pending).values(**fields, due_at=due_at))


def decided_together(work: Sequence[Pending]) -> int:
    """How many of a batch may be decided in one transaction: all before the first suspect, or it alone."""
    if not any(map(_deaths_of, work)):
        return len(work)
    return max(1, next(number for number, one in enumerate(work) if one.deaths))


def _counted(table: Table) -> ColumnElement[int]:
    return func.coalesce(table.c.deaths, 0) + 1


def _one_more(table: Table, now: datetime) -> dict[str, ColumnElement[object]]:
    """The next values of `deaths`, `dead_at` and `error`."""
    counted = _counted(table)
    dead = counted >= DEATHS
    words = (
        literal(f"{ENDED_PROCESSES}: its decision ended ")
        + counted.cast(schema.inbox.c.error.type)
        + " processes"
    )
    return {
        "deaths": counted,
        "dead_at": case((dead, literal(now, table.c.dead_at.type)), else_=null()),
        "error": case((dead, words), else_=null()),
    }


def _setting(one: MarkedWork) -> ColumnElement[bool]:
    return and_(_TIMER.subject_id == one.subject_row, _TIMER.name == one.timer, _TIMER.setting == one.setting)


def _parts(found: Sequence[T]) -> Iterable[Sequence[T]]:
    return (found[start : start + _TOGETHER] for start in range(0, len(found), _TOGETHER))
