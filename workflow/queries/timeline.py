"""A subject's timeline: every event and every fired timer, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from typing_extensions import TypedDict

from workflow.queries.effects import EffectView
from workflow.store import schema
from workflow.store.event_outcomes import UNDECIDED

_EVENT, _MOVE, _INBOX = schema.events.c, schema.moves.c, schema.inbox.c


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as it was accepted; `time` is its source's, `received_at` ours, both UTC."""

    id: str
    source: str
    type: str
    time: datetime
    received_at: datetime
    data: Mapping[str, Any]
    parent: str | None


@dataclass(frozen=True, slots=True)
class FiredTimer:
    """A timer that fired: when it was due, and how many seconds later it was decided."""

    name: str
    setting: int
    due_at: datetime | None
    late_seconds: float | None


# Written as a call, since `from` is no name in Python. The meaning of each member:
#   seq      place among the subject's decisions; null while none was taken
#   at       when it was decided, UTC; until then when it was received
#   cause    "event" or "timer"
#   from, to the states before and after; null while none was decided
#   outcome  moved, stayed, refused; pending (not decided yet), dead (its decision failed)
#   reason   why it was refused, or the fault that made it dead
#   version  the definition's version that decided
#   effects  the work that the decision asked for, and how it stands
Entry = TypedDict(
    "Entry",
    {
        "seq": int | None,
        "at": datetime,
        "cause": str,
        "trigger": str,
        "from": str | None,
        "to": str | None,
        "outcome": str,
        "reason": str | None,
        "version": int | None,
        "event": EventView | None,
        "timer": FiredTimer | None,
        "effects": list[EffectView],
    },
)


def timeline_of(
    connection: Connection, subject_row: int, effects: Mapping[int, list[EffectView]]
) -> list[Entry]:
    """Everything that was decided about a subject, in that order, then what still waits for a decision.

    Args:
        effects: the subject's effects by the `seq` of the decision that asked for them.
    """
    decided = (
        select(schema.moves, *_event_columns())
        .join_from(schema.moves, schema.events, _EVENT.id == _MOVE.event_id, isouter=True)
        .where(_MOVE.subject_id == subject_row)
        .order_by(_MOVE.seq)
    )
    waiting = (
        select(UNDECIDED.label("outcome"), _INBOX.error, *_event_columns())
        .join_from(schema.inbox, schema.events, _EVENT.id == _INBOX.event_id)
        .where(_INBOX.subject_id == subject_row)
        .order_by(_INBOX.event_id)
    )
    entries = [_decided(row, effects.get(row.seq, [])) for row in connection.execute(decided)]
    return entries + [_waiting(row) for row in connection.execute(waiting)]


def _event_columns() -> list[Any]:
    """The event's columns under names that no column of another table has."""
    names = ("event_id", "source", "type", "time", "received_at", "data", "parent")
    return [_EVENT[name].label(f"of_event_{name}") for name in names]


def _event(row: Row[*tuple[Any, ...]]) -> EventView:
    return EventView(
        row.of_event_event_id,
        row.of_event_source,
        row.of_event_type,
        row.of_event_time,
        row.of_event_received_at,
        row.of_event_data,
        row.of_event_parent,
    )


def _decided(row: Row[*tuple[Any, ...]], effects: list[EffectView]) -> Entry:
    by_event = row.event_id is not None
    late = (row.at - row.due_at).total_seconds() if row.due_at else None
    return {
        "seq": row.seq,
        "at": row.at,
        "cause": "event" if by_event else "timer",
        "trigger": row.trigger,
        "from": row.source,
        "to": row.dest,
        "outcome": row.outcome,
        "reason": row.reason,
        "version": row.version,
        "event": _event(row) if by_event else None,
        "timer": None if by_event else FiredTimer(row.timer, row.setting, row.due_at, late),
        "effects": effects,
    }


def _waiting(row: Row[*tuple[Any, ...]]) -> Entry:
    event = _event(row)
    return {
        "seq": None,
        "at": event.received_at,
        "cause": "event",
        "trigger": event.type.partition(".")[2],
        "from": None,
        "to": None,
        "outcome": row.outcome,
        "reason": row.error,
        "version": None,
        "event": event,
        "timer": None,
        "effects": [],
    }
