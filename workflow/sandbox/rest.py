"""Whether anything is left to be done where a sandbox's clock stands, and when something is due next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from state_machines.values.instants import earlier
from workflow.engine.allowed_tasks import OURS
from workflow.store.effect_states import EffectState
from workflow.store.schema import inbox, outbox, subjects, timers

_SHOWN = 3
UNDER_LEASE = (EffectState.PUBLISHED, EffectState.SENDING)
"""States of an effect that somebody carries out, or is to carry out, just now."""


@dataclass(frozen=True, slots=True)
class Unrest:
    """What is left to be done at one instant.

    Attributes:
        events: that are undecided.
        timers: that are due.
        effects: that are due, or under way to whoever carries them out.
        some: a few of these effects in words: what is waited for.
    """

    events: int
    timers: int
    effects: int
    some: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return bool(self.events or self.timers or self.effects)

    def __str__(self) -> str:
        counted = {"undecided events": self.events, "due timers": self.timers, "open effects": self.effects}
        said = ", ".join(f"{number} {what}" for what, number in counted.items() if number)
        return f"{said}: {'; '.join(self.some)}" if self.some else said


def unrest(connection: Connection, now: datetime, *, leave_tasks: bool = False) -> Unrest:
    """What is left to be done at `now`, as one statement sees it: what moves between kinds is not missed.

    With `leave_tasks` those of other code bases that are under way are not counted.
    """
    left = _left(now, leave_tasks)
    counts = (
        select(func.count()).select_from(inbox).where(inbox.c.dead_at.is_(None)),
        select(func.count()).select_from(timers).where(timers.c.due_at <= now),
        select(func.count()).select_from(outbox).where(left),
    )
    events, due, effects = connection.execute(select(*(one.scalar_subquery() for one in counts))).one()
    return Unrest(events, due, effects, _some(connection, left) if effects else ())


def _left(now: datetime, leave_tasks: bool) -> ColumnElement[bool]:
    due = and_(outbox.c.state == EffectState.PENDING, outbox.c.due_at <= now)
    under_way: ColumnElement[bool] = outbox.c.state.in_(UNDER_LEASE)
    if leave_tasks:
        under_way = and_(under_way, or_(outbox.c.kind != "task", outbox.c.target.startswith(f"{OURS}.")))
    return and_(outbox.c.due_at.is_not(None), or_(due, under_way))


def _some(connection: Connection, left: ColumnElement[bool]) -> tuple[str, ...]:
    columns = (subjects.c.key, outbox.c.kind, outbox.c.target, outbox.c.state)
    found = (
        select(*columns)
        .join_from(outbox, subjects, outbox.c.subject_id == subjects.c.id)
        .where(left)
        .order_by(outbox.c.id)
        .limit(_SHOWN)
    )
    return tuple(
        f"{kind} {target} of {key} is {state}" for key, kind, target, state in connection.execute(found)
    )


def next_due(connection: Connection) -> datetime | None:
    """When something happens by itself next, UTC: a timer, a notice or task that waits. None: nothing does.

    What is under a lease is no such thing: its lease is not waited for, but whoever holds it.
    """
    timer = select(func.min(timers.c.due_at, type_=timers.c.due_at.type))
    effect = select(func.min(outbox.c.due_at, type_=outbox.c.due_at.type)).where(
        outbox.c.due_at.is_not(None), outbox.c.state == EffectState.PENDING
    )
    return earlier(connection.scalar(timer), connection.scalar(effect))
