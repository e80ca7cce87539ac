"""What there is to do in a store, in one look: a scenario asks at every instant, and mostly it is nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists, select

from state_machines.values.instants import earlier
from workflow.engine.due_timers import DUE_TIMERS
from workflow.outbox.due_effects import DUE_EFFECTS
from workflow.recovery.incidents import SOME_CONDITION
from workflow.scenarios.seen import SOME_FAILURE
from workflow.store.port import Store
from workflow.store.schema import inbox

_LOOK = select(
    exists(select(inbox.c.event_id).where(inbox.c.dead_at.is_(None))),
    DUE_TIMERS.first.scalar_subquery(),
    DUE_EFFECTS.first.scalar_subquery(),
    SOME_FAILURE | SOME_CONDITION,
)


class DueWork(NamedTuple):
    """What there is to do.

    Attributes:
        events: whether one waits for its decision.
        timers: when the first timer is due, UTC.
        effects: when the first effect is due, UTC.
        sweep: whether a sweep may find something: what failed, or an incident that cases are joined to.
    """

    events: bool
    timers: datetime | None
    effects: datetime | None
    sweep: bool

    @property
    def next_due(self) -> datetime | None:
        """When something is due by itself for the first time, UTC."""
        return earlier(self.timers, self.effects)


def due_work(store: Store) -> DueWork:
    """What there is to do in a store."""
    with store.connect() as connection:
        return DueWork(*connection.execute(_LOOK).one())
