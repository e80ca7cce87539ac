"""What waits to be done, and when to look again: one look into three indexes, however much is pending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from workflow import task_names
from workflow.outbox import EffectState
from workflow.outbox import first_due as first_effect_due
from workflow.outbox import is_due as effect_is_due
from workflow.store.port import Store
from workflow.store.schema import inbox, outbox, subjects, timers
from workflow.timers import first_due, is_due

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work.

    Attributes:
        waiting: how many rows are due, counted no further than the bound.
        first: the row or instant that waits longest; changes as the work goes on.
    """

    waiting: int = 0
    first: Any = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """All that waits, and the earliest instant at which more will, UTC."""

    events: Queue
    timers: Queue
    effects: Queue
    next_due: datetime | None


def look(store: Store, now: datetime, bound: int) -> Backlog:
    """What is due at `now`. Counting stops at `bound` rows of a kind."""
    undecided = inbox.c.dead_at.is_(None)
    # A send in progress whose lease ran out is the sweep's affair, not the relay's.
    held = outbox.c.state.in_([EffectState.PENDING, EffectState.PUBLISHED])
    with store.connect() as connection:
        return Backlog(
            events=_queue(connection, select(inbox.c.event_id).where(undecided), inbox.c.event_id, bound),
            timers=_due(connection, select(timers.c.due_at).where(is_due(now)), first_due(connection), bound),
            effects=_due(
                connection,
                select(outbox.c.due_at).where(effect_is_due(now), held),
                first_effect_due(connection),
                bound,
            ),
            next_due=min(_next_dues(connection, now), default=None),
        )


def _queue(connection: Connection, due: Select[Any], order: ColumnElement[Any], bound: int) -> Queue:
    rows = connection.execute(due.order_by(order).limit(bound)).scalars().all()
    return Queue(len(rows), rows[0]) if rows else Queue()


def _due(connection: Connection, due: Select[Any], first: datetime | None, bound: int) -> Queue:
    """Counted in any order: the index has them by lifecycle or urgency first."""
    waiting = connection.execute(select(func.count()).select_from(due.limit(bound).subquery())).scalar_one()
    return Queue(waiting, first) if waiting else Queue()


def _next_dues(connection: Connection, now: datetime) -> Iterator[datetime]:
    for found in (first_due(connection, now), first_effect_due(connection, now)):
        if found is not None:
            yield found


def some_subjects(store: Store, now: datetime, task: str) -> list[str]:
    """Keys of subjects that wait for the task of this name, five at most: for people who watch.

    Raises KeyError for a task that does not find its work itself.
    """
    table, due = {
        task_names.APPLY: (inbox, inbox.c.dead_at.is_(None)),
        task_names.FIRE: (timers, is_due(now)),
        task_names.RELAY: (outbox, effect_is_due(now)),
    }[task]
    query = select(subjects.c.key).join(table, table.c.subject_id == subjects.c.id).where(due).limit(_SHOWN)
    with store.connect() as connection:
        return list(dict.fromkeys(connection.execute(query).scalars()))
