"""What became of an event that somebody of the desk sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from workflow.store import schema
from workflow.store.port import Store

_EVENT, _MOVE, _INBOX, _SUBJECT = schema.events.c, schema.moves.c, schema.inbox.c, schema.subjects.c


class Fate(StrEnum):
    """How far it has come."""

    PENDING = "pending"
    """Accepted, and not decided yet."""
    DECIDED = "decided"
    REFUSED = "refused"
    DEAD = "dead"
    """Its decision failed; an operator must look."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event.

    Attributes:
        subject: whom it was for.
        dest: the state to which the decision led; empty while there is none.
        reason: why it was refused.
    """

    subject: str
    fate: Fate
    dest: str = ""
    reason: str = ""


def verdict(store: Store, source: str, event_id: str) -> Verdict | None:
    """What became of the event; None when there is no such event."""
    query = (
        select(_SUBJECT.key, _MOVE.outcome, _MOVE.dest, _MOVE.reason, _INBOX.dead_at)
        .select_from(schema.events)
        .join(schema.subjects, _SUBJECT.id == _EVENT.subject_id)
        .outerjoin(schema.moves, _MOVE.event_id == _EVENT.id)
        .outerjoin(schema.inbox, _INBOX.event_id == _EVENT.id)
        .where(_EVENT.source == source, _EVENT.event_id == event_id)
    )
    with store.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    if row.outcome is None:
        return Verdict(row.key, Fate.PENDING if row.dead_at is None else Fate.DEAD)
    fate = Fate.REFUSED if row.outcome == "refused" else Fate.DECIDED
    return Verdict(row.key, fate, row.dest, row.reason or "")
