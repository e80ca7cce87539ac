"""One subject with what happened to it last and everything that is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from workflow.errors import NotFound
from workflow.queries.subjects import SubjectRow, find_subject
from workflow.queries.timeline import Entry, end_of
from workflow.store import schema
from workflow.store.port import Store

NEWEST = 50
"""Entries of the timeline that are shown; `workflow.queries.timeline.timeline` gives all, page by page."""
MOST_CHILDREN = 100
"""Children that are shown; `workflow.queries.subjects.subjects` lists all, page by page."""

_SUBJECT, _TIMER = schema.subjects.c, schema.timers.c


@dataclass(frozen=True, slots=True)
class TimerView:
    """A timer of a subject.

    Attributes:
        status: pending, paused, or dead: its decision failed and waits for an operator.
        due_at: when it fires, UTC; None unless it is pending.
        pauses: [from, to] of each pause, RFC 3339, the last `to` null while it is paused.
    """

    name: str
    status: Literal["pending", "paused", "dead"]
    due_at: datetime | None
    set_at: datetime
    setting: int
    pauses: list[list[str | None]]
    error: str | None


@dataclass(frozen=True, slots=True)
class Relative:
    """Another subject, in one line."""

    key: str
    lifecycle: str
    state: str


@dataclass(frozen=True, slots=True)
class SubjectHistory(SubjectRow):
    """A subject, its timers, whom it opened, and the end of its timeline, the oldest entry first.

    Attributes:
        children: the newest `MOST_CHILDREN`, the oldest of them first; there are `more_children`.
        timeline: the newest `NEWEST` entries that were decided, and as many of the next that wait for a
            decision; `earlier` were decided before them, and `more_waiting` wait behind them.
    """

    timers: list[TimerView]
    children: list[Relative]
    more_children: int
    timeline: list[Entry]
    earlier: int
    more_waiting: int


def history(store: Store, key: str) -> SubjectHistory:
    """The subject of this key. Raises NotFound when no event ever named it.

    A subject that no event has opened is shown too, with what was refused.
    """
    with store.connect() as connection:
        found = find_subject(connection, key)
        if found is None:
            raise NotFound(f"subject: no event ever named {key!r}")
        row, subject = found
        children, more_children = _children(connection, key)
        end = end_of(connection, row, NEWEST)
        return SubjectHistory(
            **{name: getattr(subject, name) for name in SubjectRow.__slots__},
            timers=_timers(connection, row),
            children=children,
            more_children=more_children,
            timeline=end.entries,
            earlier=end.earlier,
            more_waiting=end.more_waiting,
        )


def _timers(connection: Connection, subject_row: int) -> list[TimerView]:
    statement = (
        select(schema.timers).where(_TIMER.subject_id == subject_row).order_by(_TIMER.due_at, _TIMER.name)
    )
    return [
        TimerView(
            timer.name,
            "dead" if timer.dead_at else "pending" if timer.due_at else "paused",
            timer.due_at,
            timer.set_at,
            timer.setting,
            timer.pauses or [],
            timer.error,
        )
        for timer in connection.execute(statement)
    ]


def _children(connection: Connection, key: str) -> tuple[list[Relative], int]:
    """The newest, and how many there are before them."""
    own = _SUBJECT.parent == key
    statement = select(_SUBJECT.key, _SUBJECT.lifecycle, _SUBJECT.state).where(own)
    rows = connection.execute(statement.order_by(_SUBJECT.id.desc()).limit(MOST_CHILDREN + 1)).all()
    shown, more = [Relative(*row) for row in reversed(rows[:MOST_CHILDREN])], 0
    if len(rows) > MOST_CHILDREN:
        count = select(func.count()).select_from(schema.subjects).where(own)
        more = (connection.scalar(count) or MOST_CHILDREN) - MOST_CHILDREN
    return shown, more
