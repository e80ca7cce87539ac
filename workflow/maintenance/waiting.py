"""How much waits, and for how long: the age of the oldest due row is what tells whether work goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from workflow.engine import due_timers as timers
from workflow.outbox import effects as outbox
from workflow.store import schema
from workflow.store.port import Store

_EVENT, _INBOX, _TIMER, _EFFECT = schema.events.c, schema.inbox.c, schema.timers.c, schema.outbox.c
_SUBJECT = schema.subjects.c


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at one moment.

    Attributes:
        events: accepted, not yet decided. `oldest_event`: since when, UTC.
        timers: due, not yet fired. `oldest_timer`: when the first of them was due.
        effects: by state, settled ones not counted. `oldest_effect`: since when the oldest is overdue.
        dead_events, dead_timers: given up until an operator retries them; dead effects are in `effects`.
    """

    at: datetime
    events: int
    oldest_event: datetime | None
    timers: int
    oldest_timer: datetime | None
    effects: Mapping[str, int]
    oldest_effect: datetime | None
    dead_events: int
    dead_timers: int

    def age(self, since: datetime | None) -> timedelta:
        """How long ago `since` was; nothing when there is none."""
        return max(timedelta(0), self.at - since) if since else timedelta(0)

    @property
    def dead(self) -> int:
        """Dead letters of every kind, unknown effects not counted."""
        return self.dead_events + self.dead_timers + self.effects.get("dead", 0)


def backlog(store: Store, now: datetime) -> Backlog:
    """What waits now. Reads only rows that wait: what is far in the future or done costs nothing."""
    pending = select(func.count(), func.min(_INBOX.event_id)).where(_INBOX.dead_at.is_(None))
    due = select(func.count(), func.min(_TIMER.due_at, type_=_TIMER.due_at.type)).where(timers.is_due(now))
    oldest_effect = select(func.min(_EFFECT.due_at, type_=_EFFECT.due_at.type)).where(outbox.is_due(now))
    with store.connect() as connection:
        events, first = connection.execute(pending).one()
        oldest_event = (
            connection.scalar(select(_EVENT.received_at).where(_EVENT.id == first)) if first else None
        )
        timers_due, oldest_timer = connection.execute(due).one()
        states: dict[str, int] = {}
        for condition in (_EFFECT.due_at.is_not(None), _EFFECT.state.in_(["dead", "unknown"])):
            counted = select(_EFFECT.state, func.count()).where(condition).group_by(_EFFECT.state)
            states |= {state: count for state, count in connection.execute(counted)}
        return Backlog(
            now, events, oldest_event, timers_due, oldest_timer, states, connection.scalar(oldest_effect),
            connection.scalar(select(func.count()).where(_INBOX.dead_at.is_not(None))) or 0,
            connection.scalar(select(func.count()).where(_TIMER.dead_at.is_not(None))) or 0,
        )  # fmt: skip


def population(store: Store) -> list[tuple[str, str, int]]:
    """(lifecycle, state, how many subjects). Reads all subjects: not for every second."""
    statement = select(_SUBJECT.lifecycle, _SUBJECT.state, func.count()).group_by(
        _SUBJECT.lifecycle, _SUBJECT.state
    )
    with store.connect() as connection:
        return [(lifecycle, state, count) for lifecycle, state, count in connection.execute(statement)]
