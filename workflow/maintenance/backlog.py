"""What waits to be done, and when to look again: one look into three indexes, however much is pending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from workflow.broker import task_names
from workflow.engine.due_timers import due_rows, first_due
from workflow.outbox.effects import due_rows as due_effects
from workflow.outbox.effects import first_due as first_effect_due
from workflow.store.effect_states import RELAYED
from workflow.store.port import Store
from workflow.store.schema import inbox, subjects

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
    with store.connect() as connection:
        undecided = inbox.c.dead_at.is_(None)
        events = connection.execute(
            select(inbox.c.event_id).where(undecided).order_by(inbox.c.event_id).limit(bound)
        )
        return Backlog(
            events=_queue(events.scalars().all()),
            timers=_queue([row.due_at for row in connection.execute(due_rows(connection, now, bound))]),
            effects=_queue([row.due_at for row in connection.execute(due_effects(now, RELAYED, bound))]),
            next_due=min(_next_dues(connection, now), default=None),
        )


def _queue(waiting: Sequence[Any]) -> Queue:
    return Queue(len(waiting), min(waiting)) if waiting else Queue()


def _next_dues(connection: Connection, now: datetime) -> Iterator[datetime]:
    for found in (first_due(connection, now), first_effect_due(connection, now)):
        if found is not None:
            yield found


def some_subjects(store: Store, now: datetime, task: str) -> list[str]:
    """Keys of subjects that wait for the task of this name, five at most: for people who watch.

    Raises KeyError for a task that does not find its work itself.
    """
    with store.connect() as connection:
        query = select(subjects.c.key).where(subjects.c.id.in_(_waiting(connection, now, task))).limit(_SHOWN)
        return list(connection.execute(query).scalars())


def _waiting(connection: Connection, now: datetime, task: str) -> list[int]:
    """Rows of subjects that wait, some."""
    if task == task_names.FIRE:
        return [row.subject_id for row in connection.execute(due_rows(connection, now, _SHOWN))]
    if task == task_names.RELAY:
        effects = connection.execute(due_effects(now, RELAYED, _SHOWN))
        return [row.subject_id for row in effects]
    if task == task_names.APPLY:
        undecided = inbox.c.dead_at.is_(None)
        query = select(inbox.c.subject_id).where(undecided).order_by(inbox.c.event_id).limit(_SHOWN)
        return list(connection.execute(query).scalars())
    raise KeyError(task)
