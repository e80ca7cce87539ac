"""A subject's timeline: every event and every fired timer, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, literal, or_, select, union_all
from typing_extensions import TypedDict

from workflow.errors import NotFound
from workflow.queries.cursor import cursor_after, rows_of
from workflow.queries.effects import Asked, EffectView, effects_of
from workflow.queries.subjects import find_subject
from workflow.store import schema
from workflow.store.event_outcomes import UNDECIDED
from workflow.store.port import DISCARDED, Store

_NOTHING = Asked([], 0)
_EVENT, _MOVE, _INBOX, _DISCARD = schema.events.c, schema.moves.c, schema.inbox.c, schema.discards.c


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as it was accepted; `time` is its source's, `received_at` ours, both UTC.

    `actor` is who sent it, by the key; null: makegood itself, or it was not known. `request_id` names the
    request with which it came over HTTP.
    """

    id: str
    source: str
    type: str
    time: datetime
    received_at: datetime
    data: Mapping[str, Any]
    parent: str | None
    actor: str | None
    request_id: str | None


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
#   outcome  moved, stayed, refused; pending (not decided yet), dead (its decision failed), discarded
#   reason   why it was refused or discarded, or the fault that made it dead
#   version  the definition's version that decided
#   effects  the work that the decision asked for, and how it stands; `more_effects` are not shown
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
        "more_effects": int,
    },
)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Some entries, and the cursor of the next page (None: that was all)."""

    items: list[Entry]
    next: str | None


@dataclass(frozen=True, slots=True)
class TimelineEnd:
    """The end of a timeline.

    Attributes:
        entries: the newest that were decided, in that order, then the next ones that wait for a decision.
        earlier: entries before these.
        more_waiting: events behind these.
    """

    entries: list[Entry]
    earlier: int
    more_waiting: int


def end_of(connection: Connection, subject_row: int, most: int) -> TimelineEnd:
    """At most so many entries that were decided about a subject, and at most so many that wait."""
    rows = connection.execute(_decided_rows(subject_row).order_by(_MOVE.seq.desc()).limit(most)).all()
    decided = _entries(connection, subject_row, rows[::-1])
    waiting = connection.execute(_waiting_rows(subject_row, 0).limit(most + 1)).all()
    more = 0
    if len(waiting) > most:
        all_of_them = select(func.count()).select_from(_waiting_rows(subject_row, 0).subquery())
        more = (connection.scalar(all_of_them) or most) - most
    # Decisions are numbered from 1 without a gap.
    return TimelineEnd(
        decided + [_waiting(row) for row in waiting[:most]], (rows[-1].seq - 1) if rows else 0, max(0, more)
    )


def timeline(store: Store, key: str, limit: int, cursor: str | None) -> TimelinePage:
    """A page of everything that was decided about a subject, in that order, then of what waits.

    What waits on one page and is decided before the next one is not told a second time.

    Raises:
        NotFound: no event ever named the subject.
        InvalidQuery: the cursor is none.
    """
    seq, event = rows_of(cursor, 2)
    with store.connect() as connection:
        found = find_subject(connection, key)
        if found is None:
            raise NotFound(f"subject: no event ever named {key!r}")
        row, _ = found
        fresh = or_(_MOVE.event_id.is_(None), _MOVE.event_id > event)
        statement = _decided_rows(row).where(_MOVE.seq > seq, fresh).order_by(_MOVE.seq)
        rows = connection.execute(statement.limit(limit + 1)).all()
        shown = rows[:limit]
        items = _entries(connection, row, shown)
        last = shown[-1].seq if shown else seq
        if len(rows) > limit:
            return TimelinePage(items, cursor_after(last, event))
        room = limit - len(items)
        waiting = connection.execute(_waiting_rows(row, event).limit(room + 1)).all()
    items += [_waiting(one) for one in waiting[:room]]
    if len(waiting) <= room:
        return TimelinePage(items, None)
    return TimelinePage(items, cursor_after(last, waiting[room - 1].event_row if room else event))


def _decided_rows(subject_row: int) -> Select[Any]:
    return (
        select(schema.moves, *_event_columns())
        .join_from(schema.moves, schema.events, _EVENT.id == _MOVE.event_id, isouter=True)
        .where(_MOVE.subject_id == subject_row)
    )


def _waiting_rows(subject_row: int, after: int) -> Select[Any]:
    """What no decision was taken about: events that wait, are dead, or were discarded; in their order."""
    waiting = (
        select(
            UNDECIDED.label("outcome"), _INBOX.error, _INBOX.event_id.label("event_row"), *_event_columns()
        )
        .join_from(schema.inbox, schema.events, _EVENT.id == _INBOX.event_id)
        .where(_INBOX.subject_id == subject_row, _INBOX.event_id > after)
    )
    dropped = (
        select(
            literal(DISCARDED).label("outcome"),
            _DISCARD.reason.label("error"),
            _DISCARD.event_id.label("event_row"),
            *_event_columns(),
        )
        .join_from(schema.discards, schema.events, _EVENT.id == _DISCARD.event_id)
        .where(_DISCARD.subject_id == subject_row, _DISCARD.event_id > after)
    )
    both = union_all(waiting, dropped).subquery()
    return select(both).order_by(both.c.event_row)


def _entries(connection: Connection, subject_row: int, rows: Sequence[Row[Any]]) -> list[Entry]:
    """Of decisions, with what they asked for."""
    if not rows:
        return []
    ats = [row.at for row in rows]
    asked = effects_of(connection, subject_row, {row.seq for row in rows}, min(ats), max(ats))
    return [_decided(row, asked.get(row.seq, _NOTHING)) for row in rows]


def _event_columns() -> list[Any]:
    """The event's columns under names that no column of another table has."""
    names = ("event_id", "source", "type", "time", "received_at", "data", "parent", "actor", "request_id")
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
        row.of_event_actor,
        row.of_event_request_id,
    )


def _decided(row: Row[*tuple[Any, ...]], asked: Asked) -> Entry:
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
        "effects": asked.effects,
        "more_effects": asked.more,
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
        "more_effects": 0,
    }
