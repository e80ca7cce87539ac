"""Changes: the decisions that the ledger records, in an order in which none is ever missed.

Whoever has read up to a row and goes on behind it gets every later change once, whatever was being committed
meanwhile: nothing above the watermark is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select

from workflow.queries.cursor import fetch_rows
from workflow.queries.refusals import shown_reason
from workflow.store import schema
from workflow.store.keys import key_is
from workflow.store.watermark import Watermark

SCANNED = 20_000
"""Rows of the ledger that one page looks through at most: a filter that fits few of them takes no longer."""
_SKEW = timedelta(minutes=1)
"""Longer than transactions take, by which two rows may be in another order than their instants."""
_MOST_DIGITS = 9

_MOVE, _EVENT, _SUBJECT = schema.moves.c, schema.events.c, schema.subjects.c


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that was decided, as it was accepted.

    Attributes:
        source, id: of the CloudEvent.
        actor: whose voice sent it; None: makegood itself, or not known.
        time: as it said, UTC.
        data: what it said.
    """

    source: str
    id: str
    actor: str | None
    time: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One decision, as the ledger records it: it never changes.

    Attributes:
        row: its place in the order of changes.
        subject: key of the subject that was decided about.
        seq: the number of the decision within the subject, from 1.
        before, state: the states that it led from and to; the same where it did not move.
        outcome: moved, stayed or refused.
        reason: why it was refused.
        version: of the definition that decided.
        team: the team that the subject is with after it.
        at: when it was decided, UTC.
        timer, due_at: of a timer that fired: its name, and when it was due, UTC.
        cause: the event; None: a timer fired.
        traceparent: W3C's name of the decision's span; None: nobody traces it.
    """

    row: int
    subject: str
    lifecycle: str
    seq: int
    trigger: str
    before: str
    state: str
    outcome: str
    reason: str | None
    version: int
    team: str | None
    at: datetime
    timer: str | None
    due_at: datetime | None
    cause: Cause | None
    traceparent: str | None = None

    @property
    def id(self) -> str:
        """Its name for ever: ``<subject>/<seq>``."""
        return f"{self.subject}/{self.seq}"


class ChangeFilter(NamedTuple):
    """Which changes; what is None or empty narrows nothing, and of several values one must fit.

    Attributes:
        states: those that they led to.
        teams: those that the subject was with afterwards.
    """

    lifecycles: Sequence[str] = ()
    triggers: Sequence[str] = ()
    states: Sequence[str] = ()
    teams: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    subject: str | None = None

    def fits(self, change: Change) -> bool:
        """Whether this is one of them."""
        said = (
            (self.lifecycles, change.lifecycle),
            (self.triggers, change.trigger),
            (self.states, change.state),
            (self.teams, change.team),
            (self.outcomes, change.outcome),
        )
        return self.subject in (None, change.subject) and all(not some or one in some for some, one in said)


class ChangePage(NamedTuple):
    """Some changes in their order.

    Attributes:
        last: the row up to which nothing else fits: the next page begins behind it.
        more: whether there are rows behind it that can be read already.
    """

    items: list[Change]
    last: int
    more: bool


def changes(watermark: Watermark, wanted: ChangeFilter, *, after: int = 0, limit: int = 100) -> ChangePage:
    """The first changes behind a row, `limit` at most, and fewer where they are large."""
    with watermark.reading() as (connection, complete):
        return changes_within(connection, wanted, after=after, until=complete, limit=limit)


def changes_within(
    connection: Connection, wanted: ChangeFilter, *, after: int, until: int, limit: int
) -> ChangePage:
    """The same over a connection that sees everything up to `until`, a watermark."""
    if after >= until:
        return ChangePage([], after, False)
    # A subject's own moves have an index, and are read without a look at anybody else's.
    end = until if wanted.subject is not None else min(until, after + SCANNED)
    query = _select(wanted).where(_MOVE.id > after, _MOVE.id <= end).order_by(_MOVE.id)
    rows, cut = fetch_rows(connection, query, limit)
    last = rows[-1].id if cut else end
    return ChangePage([_change(row) for row in rows], last, last < until)


def changes_by_row(connection: Connection, rows: Sequence[int]) -> dict[int, Change]:
    """The changes in these rows."""
    if not rows:
        return {}
    query = _select(ChangeFilter()).where(_MOVE.id.in_(rows))
    return {row.id: _change(row) for row in connection.execute(query)}


def change_named(connection: Connection, identity: str) -> Change | None:
    """The change with this id, ``<subject>/<seq>``; None when there is none."""
    subject, _, seq = identity.rpartition("/")
    if not (seq.isascii() and seq.isdigit() and len(seq) <= _MOST_DIGITS):
        return None
    query = _select(ChangeFilter()).where(key_is(_SUBJECT.key, subject), _MOVE.seq == int(seq))
    found = connection.execute(query).one_or_none()
    return None if found is None else _change(found)


def row_before(connection: Connection, instant: datetime) -> int:
    """A row behind which everything lies that was decided from this instant (UTC) on, and a little more.

    Rows are about in the order of their instants: those of transactions at the same time may not be.
    """
    instant -= _SKEW
    low, high = 0, connection.scalar(select(func.max(_MOVE.id))) or 0
    while low < high:  # the last row that was decided before it
        middle = (low + high + 1) // 2
        at = connection.scalar(select(_MOVE.at).where(_MOVE.id <= middle).order_by(_MOVE.id.desc()).limit(1))
        if at is not None and at >= instant:
            high = middle - 1
        else:
            low = middle
    return low


def _select(wanted: ChangeFilter) -> Select[Any]:
    query = (
        select(
            _MOVE.id, _SUBJECT.key, _SUBJECT.lifecycle, _MOVE.seq, _MOVE.trigger,
            _MOVE.source.label("before"), _MOVE.dest, _MOVE.outcome, _MOVE.reason, _MOVE.version,
            _MOVE.team, _MOVE.at, _MOVE.timer, _MOVE.due_at, _EVENT.source, _EVENT.event_id,
            _EVENT.actor, _EVENT.time, _EVENT.data, _MOVE.traceparent,
        )
        .select_from(schema.moves)
        .join(schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .outerjoin(schema.events, _EVENT.id == _MOVE.event_id)
    )  # fmt: skip
    for column, some in (
        (_SUBJECT.lifecycle, wanted.lifecycles),
        (_MOVE.trigger, wanted.triggers),
        (_MOVE.dest, wanted.states),
        (_MOVE.team, wanted.teams),
        (_MOVE.outcome, wanted.outcomes),
    ):
        if some:
            query = query.where(column.in_(some))
    return query if wanted.subject is None else query.where(key_is(_SUBJECT.key, wanted.subject))


def _change(row: Row[Any]) -> Change:
    cause = None
    if row.event_id is not None:
        cause = Cause(row.source, row.event_id, row.actor, row.time, row.data)
    return Change(
        row.id,
        row.key,
        row.lifecycle,
        row.seq,
        row.trigger,
        row.before,
        row.dest,
        row.outcome,
        None if row.reason is None else shown_reason(row.reason),
        row.version,
        row.team,
        row.at,
        row.timer,
        row.due_at,
        cause,
        row.traceparent,
    )
