"""The newest events of a source, with what became of each: what its owner asks first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from workflow.queries.refusals import shown_reason
from workflow.store.event_outcomes import event_outcomes
from workflow.store.own_sources import OWN_SOURCES
from workflow.store.port import Store
from workflow.store.schema import events

LOOKED_AT = 20_000
"""So many of the newest events of all are looked through: a page costs the same however many there are."""


@dataclass(frozen=True, slots=True)
class RecentEvent:
    """One event.

    Attributes:
        subject: the key of whom it is for.
        outcome: pending, moved, stayed, refused, dead or discarded.
        reason: why it was refused, dead or discarded; never with a value of its data.
        received_at: when it was accepted, UTC.
        actor: who sent it; None: not known.
    """

    source: str
    id: str
    subject: str
    outcome: str
    reason: str | None
    type: str
    received_at: datetime
    actor: str | None


def recent_events(
    store: Store, *, source: str | None = None, refused: bool = False, limit: int = 50
) -> list[RecentEvent]:
    """The newest first, of one source or of all that came from outside; `refused`: those alone."""
    query = event_outcomes().add_columns(events.c.type, events.c.received_at, events.c.actor)
    outcome = query.selected_columns[3]
    with store.connect() as connection:
        newest = connection.scalar(select(func.max(events.c.id))) or 0
        query = query.where(events.c.id > newest - LOOKED_AT)
        if source is None:
            query = query.where(events.c.source.not_in(sorted(dict(OWN_SOURCES))))
        else:
            query = query.where(events.c.source == source)
        if refused:
            query = query.where(outcome.in_(("refused", "dead", "discarded")))
        rows = connection.execute(query.order_by(events.c.id.desc()).limit(limit)).all()
    return [
        RecentEvent(row[0], row[1], row[2], row[3], row[4] and shown_reason(row[4]), *row[5:]) for row in rows
    ]
