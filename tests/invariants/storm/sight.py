"""What is seen of an installation: its decisions, its subjects as they stood and stand, and what went out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from tests.invariants.storm.post import Letter
from workflow.scenarios.stage import DeadThing, SentNotice
from workflow.store.port import Store
from workflow.store.schema import events, moves, subjects, timers


@dataclass(frozen=True, slots=True)
class Known:
    """A subject as it stands. `timers` are their due instants by name; None is paused, or dead."""

    key: str
    lifecycle: str
    state: str
    data: Mapping[str, Any]
    parent: str | None
    closed: bool
    opened_at: datetime
    timers: Mapping[str, datetime | None]

    @property
    def runs(self) -> bool:
        """Whether any clock of it runs."""
        return any(due is not None for due in self.timers.values())


@dataclass(frozen=True, slots=True)
class Move:
    """A decision, and where what brought it came from; `said` is what the event brought."""

    number: int
    at: datetime
    key: str
    trigger: str
    timer: str | None
    before: str
    after: str
    outcome: str
    reason: str | None
    source: str | None
    said: Mapping[str, Any]


@dataclass
class Seen:
    """What is new since it was looked last.

    Attributes:
        before: subjects that have changed, as they stood then.
        letters: notices that were asked for, or stand otherwise than before.
    """

    moves: Sequence[Move]
    notices: Sequence[SentNotice]
    dead: Sequence[DeadThing]
    before: Mapping[str, Known]
    letters: Sequence[Letter] = ()


def moves_after(store: Store, last: int) -> list[Move]:
    """The decisions behind this number, in order."""
    with store.connect() as connection:
        rows = connection.execute(_MOVES, {"last": last}).all()
    return [replace(Move(*row), said=row.data or {}) for row in rows]


def subjects_named(store: Store, keys: Collection[str]) -> Iterator[Known]:
    """Those of these keys that have been opened, as they stand."""
    with store.connect() as connection:
        rows = connection.execute(_SUBJECTS, {"keys": keys}).all()
        due = connection.execute(_TIMERS, {"keys": keys}).all()
    running: dict[str, dict[str, datetime | None]] = {}
    for key, name, at in due:
        running.setdefault(key, {})[name] = at
    for row in rows:
        if row.opened_at is not None:
            known = (row.key, row.lifecycle, row.state, row.data, row.parent, row.closed_at is not None)
            yield Known(*known, row.opened_at, running.get(row.key, {}))


_MOVES = (
    select(
        *(
            moves.c.id,
            moves.c.at,
            subjects.c.key,
            moves.c.trigger,
            moves.c.timer,
            moves.c.source,
            moves.c.dest,
        ),
        *(moves.c.outcome, moves.c.reason, events.c.source.label("came_from"), events.c.data),
    )
    .join_from(moves, subjects, subjects.c.id == moves.c.subject_id)
    .outerjoin(events, events.c.id == moves.c.event_id)
    .where(moves.c.id > bindparam("last"))
    .order_by(moves.c.id)
)
_OF_KEYS = subjects.c.key.in_(bindparam("keys", expanding=True))
_SUBJECTS = (
    select(
        *(subjects.c.key, subjects.c.lifecycle, subjects.c.state, subjects.c.data, subjects.c.parent),
        *(subjects.c.closed_at, subjects.c.opened_at),
    )
    .where(_OF_KEYS)
    .order_by(subjects.c.id)
)
_TIMERS = (
    select(subjects.c.key, timers.c.name, timers.c.due_at)
    .join_from(timers, subjects, subjects.c.id == timers.c.subject_id)
    .where(_OF_KEYS)
)
