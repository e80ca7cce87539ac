"""One subject with everything that happened to it and everything that is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select

from workflow.errors import NotFound
from workflow.queries.effects import EffectView, effects_of
from workflow.queries.subjects import SubjectRow, find_subject
from workflow.queries.timeline import Entry, timeline_of
from workflow.store import schema
from workflow.store.port import Store

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
    """A subject, its timers, whom it opened, and its whole timeline, the oldest entry first."""

    timers: list[TimerView]
    children: list[Relative]
    timeline: list[Entry]


def history(store: Store, key: str) -> SubjectHistory:
    """The subject of this key. Raises NotFound when no event ever named it.

    A subject that no event has opened is shown too, with what was refused.
    """
    with store.connect() as connection:
        found = find_subject(connection, key)
        if found is None:
            raise NotFound(f"subject: no event ever named {key!r}")
        row, subject = found
        effects: dict[int, list[EffectView]] = effects_of(connection, row)
        return SubjectHistory(
            **{name: getattr(subject, name) for name in SubjectRow.__slots__},
            timers=_timers(connection, row),
            children=_children(connection, key),
            timeline=timeline_of(connection, row, effects),
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


def _children(connection: Connection, key: str) -> list[Relative]:
    statement = select(_SUBJECT.key, _SUBJECT.lifecycle, _SUBJECT.state).where(_SUBJECT.parent == key)
    return [Relative(*row) for row in connection.execute(statement.order_by(_SUBJECT.id))]
