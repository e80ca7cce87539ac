"""The promises that are open, as a board shows them: due, at risk, lapsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, literal, select, tuple_

from state_machines.errors import Problem
from state_machines.values.instants import InstantError, format_instant, parse_instant
from workflow.errors import InvalidQuery
from workflow.queries.cursor import fetch_page, row_of
from workflow.queries.subjects import SUBJECT_COLUMNS, SubjectRow
from workflow.recovery.few_promises import deadlines_of, few_of, instants_of, shown_of
from workflow.recovery.packet.local_time import zone_of
from workflow.store import schema
from workflow.store.port import Store

WINDOW = timedelta(days=30)
"""How far back one page of the lapsed looks."""
_SUBJECT, _TIMER, _FIGURE = schema.subjects.c, schema.timers.c, schema.figures.c
_PROMISE, _DEADLINE = "promise", "deadline"


class Standing(StrEnum):
    """Where a promise stands; the value is the word of a filter."""

    DUE = "due"
    AT_RISK = "at_risk"
    LAPSED = "lapsed"
    WAITING = "waiting"


STATES: Mapping[Standing, tuple[str, ...]] = {
    Standing.DUE: ("made", "at_risk"),
    Standing.AT_RISK: ("at_risk",),
    Standing.LAPSED: ("lapsed",),
    Standing.WAITING: ("waiting",),
}


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise on the board.

    Attributes:
        due_at: by when, UTC, as its data say.
        zone: the customer's, if they have said one.
        customer, owner: as the subject has them.
        case: key of the case that it belongs to.
    """

    key: str
    state: str
    words: str
    due_at: datetime | None
    zone: str | None
    customer: Any
    owner: Any
    case: str | None


@dataclass(frozen=True, slots=True)
class PromisePage:
    """Some promises, and the cursor of the next page (None: that was all)."""

    items: list[PromiseRow]
    next: str | None


def promise_board(
    store: Store, standing: Standing, now: datetime, limit: int, *, cursor: str | None = None
) -> PromisePage:
    """Promises that stand so: what is due next first, of the lapsed what has lapsed last, of those that wait
    for the customer the oldest.

    Each list is read by an index as far as it is shown; where few stand so, by their state. Of many that have
    lapsed a page looks `WINDOW` far back, and its cursor leads on from there.

    Args:
        now: the present instant, UTC.
        cursor: `next` of the page before. Raises InvalidQuery where it is none.
    """
    if standing is Standing.WAITING:
        return _standing_still(store, limit, cursor)
    return (
        _lapsed(store, now, limit, cursor)
        if standing is Standing.LAPSED
        else _due(store, standing, limit, cursor)
    )


def _due(store: Store, standing: Standing, limit: int, cursor: str | None) -> PromisePage:
    at, row = _place_of(cursor)
    query = (
        select(_TIMER.due_at, _TIMER.subject_id, *SUBJECT_COLUMNS)
        .join(schema.subjects, _SUBJECT.id == _TIMER.subject_id)
        .where(_TIMER.lifecycle == _PROMISE, _TIMER.due_at.is_not(None), _TIMER.name == _DEADLINE)
        .where(_SUBJECT.state.in_(STATES[standing]))
        .order_by(_TIMER.due_at, _TIMER.subject_id)
        .limit(limit + 1)
    )
    if at is not None:
        query = query.where(tuple_(_TIMER.due_at, _TIMER.subject_id) > _pair(at, row, _TIMER))
    with store.connect() as connection:
        few = few_of(connection, _PROMISE, STATES[standing])
        if few is None:
            rows: Sequence[Any] = connection.execute(query).all()
        else:
            due = [one for one in deadlines_of(connection, few, _DEADLINE) if at is None or one > (at, row)]
            rows = shown_of(connection, due[: limit + 1])
    return PromisePage([_row(one) for one in rows[:limit]], _more(rows, limit))


def _lapsed(store: Store, now: datetime, limit: int, cursor: str | None) -> PromisePage:
    at, row = _place_of(cursor)
    begin = (at or now) - WINDOW
    query = (
        select(_FIGURE.at, _FIGURE.subject_id, *SUBJECT_COLUMNS)
        .join(schema.subjects, _SUBJECT.id == _FIGURE.subject_id)
        .where(_FIGURE.lifecycle == _PROMISE, _FIGURE.at > begin, _FIGURE.outcome == "lapsed")
        .where(_SUBJECT.state.in_(STATES[Standing.LAPSED]))
        .order_by(_FIGURE.at.desc(), _FIGURE.subject_id.desc())
        .limit(limit + 1)
    )
    if at is not None:
        query = query.where(tuple_(_FIGURE.at, _FIGURE.subject_id) < _pair(at, row, _FIGURE))
    earlier = select(_FIGURE.at).where(_FIGURE.lifecycle == _PROMISE, _FIGURE.at <= begin).limit(1)
    with store.connect() as connection:
        few = few_of(connection, _PROMISE, STATES[Standing.LAPSED])
        if few is not None:
            lapsed = [one for one in instants_of(connection, few, "lapsed") if at is None or one < (at, row)]
            shown = shown_of(connection, lapsed[: limit + 1])
            return PromisePage([_row(one) for one in shown[:limit]], _more(shown, limit))
        rows = connection.execute(query).all()
        older = len(rows) <= limit and connection.scalar(earlier) is not None
    return PromisePage(
        [_row(one) for one in rows[:limit]], _cursor(begin, 0) if older else _more(rows, limit)
    )


def _standing_still(store: Store, limit: int, cursor: str | None) -> PromisePage:
    query = (
        select(_SUBJECT.id, *SUBJECT_COLUMNS)
        .where(_SUBJECT.lifecycle == _PROMISE, _SUBJECT.closed_at.is_(None), _SUBJECT.id > row_of(cursor))
        .where(_SUBJECT.state.in_(STATES[Standing.WAITING]))
        .order_by(_SUBJECT.id)
    )
    with store.connect() as connection:
        few = few_of(connection, _PROMISE, STATES[Standing.WAITING])
        if few is not None:
            query = query.where(_SUBJECT.id.in_(few))
        rows, more = fetch_page(connection, query, limit)
    return PromisePage([_row((None, *one)) for one in rows], more)


def _row(row: Any) -> PromiseRow:
    one = SubjectRow(*row[2:])
    said = one.data
    who = said.get("customer") or said.get("regarding")
    try:
        due_at = row[0] or parse_instant(said["due_at"])
    except (KeyError, InstantError):
        due_at = None
    words = said.get("words")
    text = words if isinstance(words, str) else next(iter(words.values()), "") if words else ""
    return PromiseRow(
        one.key, one.state, text, due_at, zone_of(who), who, said.get("owner"), said.get("case")
    )


def _pair(at: datetime, row: int, columns: Any) -> ColumnElement[Any]:
    due = getattr(columns, "due_at", None)
    kind = columns.at.type if due is None else due.type
    return tuple_(literal(at, kind), literal(row, columns.subject_id.type))


def _more(rows: Sequence[Any], limit: int) -> str | None:
    return _cursor(rows[limit - 1][0], rows[limit - 1][1]) if len(rows) > limit else None


def _cursor(at: datetime, row: int) -> str:
    return f"{format_instant(at)}.{row}"


def _place_of(cursor: str | None) -> tuple[datetime | None, int]:
    if cursor is None:
        return None, 0
    at, _, row = cursor.rpartition(".")
    try:
        return parse_instant(at), int(row)
    except (InstantError, ValueError):
        message = "is not the 'next' of an earlier page"
        raise InvalidQuery([Problem("query.cursor", "cursor", message)]) from None
