"""Suspects: events and timers in whose decision a process died. Once is bad luck, twice is a dead letter.

A suspect is decided alone, in a transaction of its own, so that a death over it says which one it was and
takes nothing else with it. Who dies over many at a time makes suspects of all, and counts against none.

Whoever kills one process often kills the next, too, and where memory is short it is short for all. So what a
process died over alone rests until it is calm again: two deaths of the same cause would say nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from workflow.engine.decision_marks import MarkedWork
from workflow.store import schema
from workflow.store.port import Pending, Store

ENDED_PROCESSES = "ended-processes"
"""With what the error of a dead letter begins whose decision ended the processes that took it."""
DEATHS = 2
"""So many over it alone, and it is a dead letter."""
_TOGETHER = 200
_deaths_of = attrgetter("deaths")
T = TypeVar("T")

_INBOX, _TIMER = schema.inbox.c, schema.timers.c


def suspect(store: Store, work: Iterable[MarkedWork], now: datetime) -> None:
    """Count one death of what a process was deciding, as far as it is still undecided, in one transaction.

    Of many none is known to have caused it: they become suspects of whom no death is known.

    A death is one more than was known when that was taken. So whoever took it anew before the first death was
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
        known = found[0].deaths if len(found) == 1 else None
        _count(connection, found, known, now)


def _count(connection: Connection, work: Sequence[MarkedWork], known: int | None, now: datetime) -> None:
    """The next death of a single one, of which so many were known; None: these become suspects."""
    fields: dict[str, Any] = {"deaths": 0} if known is None else _one_more(known, now)
    for events in _parts([one.event_row for one in work if one.event_row is not None]):
        undecided = and_(_INBOX.event_id.in_(events), _INBOX.dead_at.is_(None), _no_more(_INBOX, known))
        connection.execute(update(schema.inbox).where(undecided).values(**fields))
    if "dead_at" in fields:
        fields["due_at"] = None
    for timers in _parts([one for one in work if one.event_row is None]):
        pending = and_(or_(*map(_setting, timers)), _TIMER.due_at.is_not(None), _no_more(_TIMER, known))
        connection.execute(update(schema.timers).where(pending).values(**fields))


class Parted(NamedTuple):
    """A batch: what is decided first, in order, what is left, and whether more of that need not rest."""

    first: Sequence[Pending]
    left: Sequence[Pending]
    more: bool


def parted(work: Sequence[Pending], *, calm: bool) -> Parted:
    """What of a batch may be decided in one transaction: all before the first suspect, or it alone.

    While it is not `calm`, what a process died over alone rests, and with it what comes after it about the
    same subject.
    """
    if list(map(_deaths_of, work)).count(None) == len(work):
        return Parted(work, (), more=False)
    resting: list[Pending] = []
    free = list(work) if calm else _free(work, resting)
    suspects = (number for number, one in enumerate(free) if one.deaths is not None)
    together = max(1, next(suspects, len(free)))
    return Parted(free[:together], [*free[together:], *resting], more=len(free) > together)


def _free(work: Sequence[Pending], resting: list[Pending]) -> list[Pending]:
    """What need not rest; the others are added to `resting`."""
    free: list[Pending] = []
    subjects: set[int] = set()
    for one in work:
        if one.deaths or one.subject_row in subjects:
            subjects.add(one.subject_row)
            resting.append(one)
        else:
            free.append(one)
    return free


def _no_more(columns: Any, known: int | None) -> ColumnElement[bool]:
    """No further death has been counted meanwhile."""
    deaths: ColumnElement[int] = columns.deaths
    return deaths.is_(None) if known is None else func.coalesce(deaths, 0) <= known


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
