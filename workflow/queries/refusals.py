"""Refusals: the events and timers that could not apply when they were decided, with reason and sender."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, literal_column, select

from workflow.queries.cursor import fetch_page, row_of
from workflow.queries.senders import senders
from workflow.store import schema
from workflow.store.own_sources import SUBJECT_SOURCE, TIMER_SOURCE
from workflow.store.port import Store

_MOVE, _EVENT, _SUBJECT = schema.moves.c, schema.events.c, schema.subjects.c

_DATA = "event-data:"
_FIELDS_AND_RULES = re.compile(rf"{_DATA} \S+ \[\S+\](; \S+ \[\S+\])*(; and \d+ more)?")


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """One refused decision.

    Attributes:
        seq: its place among the decisions about the subject.
        state: in which the subject was, and stayed.
        rule: why, in a word: guard, impossible-now, event-data, stale-timer.
        reason: why, in words; never with a value of the event's data.
        source, event_id: of the event; of a timer those under which it fired.
        sender: key of the subject that sent it, where a subject of ours did.
        timer: name of the timer that fired; None for an event.
        at: when it was decided, UTC.
    """

    subject: str
    seq: int
    state: str
    trigger: str
    rule: str
    reason: str
    source: str
    event_id: str
    sender: str | None
    timer: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """Some refusals, and the cursor of the next page (None: that was all)."""

    items: list[RefusalRow]
    next: str | None


class RefusalFilter(NamedTuple):
    """Which refusals; what is None narrows nothing. `since` is an instant, UTC."""

    lifecycle: str | None = None
    trigger: str | None = None
    source: str | None = None
    since: datetime | None = None


def refusals(
    store: Store, wanted: RefusalFilter, *, limit: int = 100, cursor: str | None = None
) -> RefusalPage:
    """A page of refused decisions, the oldest first. Raises InvalidQuery for a wrong cursor."""
    statement = _select(wanted).where(_MOVE.id > row_of(cursor)).order_by(_MOVE.id)
    with store.connect() as connection:
        rows, more = fetch_page(connection, statement, limit)
        sent = senders(connection, [row.of_event for row in rows if row.source == SUBJECT_SOURCE])
    return RefusalPage([_refusal(row, sent.get(row.of_event)) for row in rows], more)


def _select(wanted: RefusalFilter) -> Select[Any]:
    source = func.coalesce(_EVENT.source, TIMER_SOURCE)
    statement = (
        select(
            _MOVE.id, _SUBJECT.key, _MOVE.seq, _MOVE.source.label("state"), _MOVE.trigger, _MOVE.reason,
            source.label("source"), _EVENT.event_id.label("of_event"), _MOVE.timer, _MOVE.setting, _MOVE.at,
        )
        .select_from(schema.moves)
        .join(schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .outerjoin(schema.events, _EVENT.id == _MOVE.event_id)
        # Spelt out, since SQLite proves from no parameter that the index of refused moves will do.
        .where(literal_column("moves.outcome = 'refused'"))
    )  # fmt: skip
    if wanted.lifecycle is not None:
        statement = statement.where(_SUBJECT.lifecycle == wanted.lifecycle)
    if wanted.trigger is not None:
        statement = statement.where(_MOVE.trigger == wanted.trigger)
    if wanted.source == TIMER_SOURCE:
        statement = statement.where(_MOVE.event_id.is_(None))
    elif wanted.source is not None:
        statement = statement.where(_EVENT.source == wanted.source)
    if wanted.since is not None:
        statement = statement.where(_MOVE.at >= wanted.since)
    return statement


def _refusal(row: Row[*tuple[Any, ...]], sender: str | None) -> RefusalRow:
    rule = (row.reason or "").partition(":")[0]
    event_id = row.of_event if row.timer is None else f"{row.key}/{row.timer}/{row.setting}"
    return RefusalRow(
        row.key,
        row.seq,
        row.state,
        row.trigger,
        rule,
        shown_reason(row.reason or ""),
        row.source,
        event_id,
        sender,
        row.timer,
        row.at,
    )


def shown_reason(reason: str) -> str:
    """Why something was refused, as it may be shown: never with a value of the event's data."""
    return reason.partition(":")[0] if _quotes_values(reason) else reason


def _quotes_values(reason: str) -> bool:
    """Whether a reason tells more of the data than fields and rules, as those of older decisions do."""
    return reason.startswith(_DATA) and _FIELDS_AND_RULES.fullmatch(reason) is None


@dataclass(frozen=True, slots=True)
class RefusedAs:
    """Refused decisions with one cause among the last: how many, and the newest of them."""

    lifecycle: str
    trigger: str
    rule: str
    count: int
    last: RefusalRow


def last_refusals(store: Store, looked_at: int = 200) -> list[RefusedAs]:
    """The last refused decisions by lifecycle, trigger and rule, those of most first."""
    statement = _select(RefusalFilter()).order_by(_MOVE.id.desc()).limit(looked_at)
    found: dict[tuple[str, str, str], RefusedAs] = {}
    with store.connect() as connection:
        for row in connection.execute(statement):
            one = _refusal(row, None)
            cause = (one.subject.partition(":")[0], one.trigger, one.rule)
            known = found.get(cause)
            found[cause] = replace(known, count=known.count + 1) if known else RefusedAs(*cause, 1, one)
    return sorted(found.values(), key=lambda one: -one.count)
