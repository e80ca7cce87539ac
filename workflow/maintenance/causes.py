"""What was given up, by cause; and all that has one cause retried or dropped, with an honest count.

A cause is what stands before the first colon of an error: a rule, or the kind of a fault. Nothing here reads
more rows than its bound, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, null, or_, select

from workflow.clock import monotonic
from workflow.errors import NotFound, NotRetryable
from workflow.maintenance.dead_letters import discard_message, retry_effect, retry_event, retry_timer
from workflow.maintenance.discards import discard_event, discard_timer
from workflow.store import schema
from workflow.store.effect_states import EffectState
from workflow.store.port import Store

MOST = 1_000
"""Rows of a kind that are looked at to find its causes."""
MOST_CAUSES = 40
"""Causes that are told of."""
MOST_AT_ONCE = 100_000
"""That one batch takes."""
_SECONDS = 20.0
"""So long a batch goes on before it says what it has done."""
_LONGEST = 120
_EVENT, _INBOX, _TIMER, _SUBJECT = schema.events.c, schema.inbox.c, schema.timers.c, schema.subjects.c
_EFFECT, _MESSAGE = schema.outbox.c, schema.dead_messages.c


class GivenUp(StrEnum):
    """What was given up; the value is the word of a form."""

    EVENT = "event"
    TIMER = "timer"
    EFFECT = "effect"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some of one kind were given up.

    Attributes:
        what: the event's type, the timer's ``<lifecycle>.<name>``, the effect's target, the message's queue.
        word: the rule, or the kind of a fault.
    """

    kind: GivenUp
    what: str
    word: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One of them: about which subject (a message: about none), since when, UTC, with its whole error."""

    subject: str | None
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many have a cause, and the oldest of them."""

    cause: Cause
    count: int
    sample: Sample


@dataclass(frozen=True, slots=True)
class Causes:
    """All causes, those of most first; `more`: of some kind there are more than were looked at."""

    items: list[Counted]
    more: bool


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch.

    Attributes:
        done: that were retried or dropped. gone: that somebody else had seen to by then.
        left: whether some with this cause are left, because it took too long.
    """

    done: int
    gone: int
    left: bool


def causes(store: Store, bound: int = MOST) -> Causes:
    """The causes of what was given up and waits for an operator, of the first `bound` of each kind."""
    found: dict[Cause, tuple[int, Any]] = {}
    more = False
    with store.connect() as connection:
        for kind in GivenUp:
            rows = connection.execute(_words(kind, bound + 1)).all()
            more = more or len(rows) > bound
            for row in rows[:bound]:
                cause = Cause(kind, row.what, _word(row.error))
                count, first = found.get(cause, (0, row))
                found[cause] = (count + 1, first)
        most = sorted(found.items(), key=lambda one: -one[1][0])[:MOST_CAUSES]
        items = [Counted(cause, count, _sample(connection, cause, row)) for cause, (count, row) in most]
    return Causes(items, more or len(found) > MOST_CAUSES)


def _words(kind: GivenUp, limit: int) -> Select[Any]:
    """By what each of the oldest is known, and the beginning of its error: no more than a cause takes."""
    error: ColumnElement[Any]
    match kind:
        case GivenUp.EVENT:
            some = (
                select(_INBOX.event_id, _INBOX.error, _INBOX.dead_at)
                .where(_INBOX.dead_at.is_not(None))
                .order_by(_INBOX.dead_at)
                .limit(limit)
                .subquery()
            )
            query = select(
                some.c.event_id.label("id"), _EVENT.type.label("what"), some.c.dead_at.label("since")
            )
            return query.add_columns(_beginning(some.c.error)).join(
                schema.events, _EVENT.id == some.c.event_id
            )
        case GivenUp.TIMER:
            what = (_TIMER.lifecycle + "." + _TIMER.name).label("what")
            query = select(_TIMER.subject_id, _TIMER.name.label("id"), what, _TIMER.dead_at.label("since"))
            dead = _TIMER.dead_at.is_not(None)
            return (
                query.add_columns(_beginning(_TIMER.error)).where(dead).order_by(_TIMER.dead_at).limit(limit)
            )
        case _:
            error = _EFFECT.error if kind is GivenUp.EFFECT else _MESSAGE.reason
            rows = _rows(kind).with_only_columns(
                *(one for one in _rows(kind).selected_columns if one.key in ("id", "what", "since")),
                _beginning(error),
                maintain_column_froms=True,
            )
            return rows.limit(limit)


def _beginning(error: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.substr(error, 1, _LONGEST + 1).label("error")


def _sample(connection: Connection, cause: Cause, row: Any) -> Sample:
    """The oldest of a cause, as it is; what somebody has just seen to, as it was found."""
    query = _rows(cause.kind).order_by(None)
    match cause.kind:
        case GivenUp.EVENT:
            query = query.where(_INBOX.event_id == row.id)
        case GivenUp.TIMER:
            query = query.where(_TIMER.subject_id == row.subject_id, _TIMER.name == row.id)
        case GivenUp.EFFECT:
            query = query.where(_EFFECT.id == row.id)
        case _:
            query = query.where(_MESSAGE.id == row.id)
    found = connection.execute(query).first()
    if found is None:
        return Sample(None, row.since, row.error or "")
    return Sample(found.subject, found.since, found.error or "")


def counted(store: Store, cause: Cause, limit: int) -> tuple[int, list[Sample]]:
    """How many have this cause, no further than 10,000, and the first of them."""
    some = _of(cause).order_by(None).limit(10_000).subquery()
    with store.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(some)) or 0
        rows = connection.execute(_of(cause).limit(limit)).all()
    return count, [Sample(row.subject, row.since, row.error or "") for row in rows]


def retry_all(store: Store, cause: Cause, now: datetime) -> BatchResult:
    """Have everything with this cause tried again. Raises NotRetryable for messages: nobody can read them."""
    if cause.kind is GivenUp.MESSAGE:
        raise NotRetryable("messages: what cannot be read is not tried again")

    def again(row: Any) -> None:
        if cause.kind is GivenUp.EVENT:
            retry_event(store, row.id)
        elif cause.kind is GivenUp.TIMER:
            retry_timer(store, row.subject, row.id, now)
        else:
            retry_effect(store, row.id, now)

    return _each(store, cause, again)


def drop_all(store: Store, cause: Cause, reason: str, by: str, now: datetime) -> BatchResult:
    """Drop everything with this cause, on the record.

    Raises NotRetryable for effects: whether one happened is said of each.
    """
    if cause.kind is GivenUp.EFFECT:
        raise NotRetryable("effects: say of each that it happened, or have all tried again")

    def drop(row: Any) -> None:
        if cause.kind is GivenUp.EVENT:
            discard_event(store, row.id, reason, by, now)
        elif cause.kind is GivenUp.TIMER:
            discard_timer(store, row.subject, row.id, reason, by, now)
        else:
            discard_message(store, row.id, reason, by, now)

    return _each(store, cause, drop)


def _each(store: Store, cause: Cause, act: Callable[[Any], None]) -> BatchResult:
    """Each by itself: one that cannot be harms no other. What is given up again meanwhile is not taken."""
    begun, done, gone = monotonic(), 0, 0
    with store.connect() as connection:
        rows = connection.execute(_of(cause).limit(MOST_AT_ONCE + 1)).all()
    for row in rows[:MOST_AT_ONCE]:
        if monotonic() - begun > _SECONDS:
            return BatchResult(done, gone, left=True)
        try:
            act(row)
            done += 1
        except (NotFound, NotRetryable):
            gone += 1
    return BatchResult(done, gone, left=len(rows) > MOST_AT_ONCE)


def _word(error: str | None) -> str:
    return (error or "").partition(":")[0][:_LONGEST]


def _of(cause: Cause) -> Select[Any]:
    """Rows with this cause, the oldest first."""
    what: ColumnElement[bool]
    match cause.kind:
        case GivenUp.EVENT:
            what, error = _EVENT.type == cause.what, _INBOX.error
        case GivenUp.TIMER:
            lifecycle, _, name = cause.what.partition(".")
            what, error = (_TIMER.lifecycle == lifecycle) & (_TIMER.name == name), _TIMER.error
        case GivenUp.EFFECT:
            what, error = _EFFECT.target == cause.what, _EFFECT.error
        case _:
            what, error = _MESSAGE.queue == cause.what, _MESSAGE.reason
    said = func.coalesce(error, "")
    if len(cause.word) == _LONGEST:
        return _rows(cause.kind).where(what, said.startswith(cause.word, autoescape=True))
    return _rows(cause.kind).where(
        what, or_(said == cause.word, said.startswith(f"{cause.word}:", autoescape=True))
    )


def _rows(kind: GivenUp) -> Select[Any]:
    """What was given up of a kind, the oldest first, by an index of such rows alone."""
    match kind:
        case GivenUp.EVENT:
            return (
                select(_EVENT.id, _SUBJECT.key.label("subject"), _EVENT.type.label("what"),
                       _INBOX.dead_at.label("since"), _INBOX.error)
                .select_from(schema.inbox)
                .join(schema.events, _EVENT.id == _INBOX.event_id)
                .join(schema.subjects, _SUBJECT.id == _INBOX.subject_id)
                .where(_INBOX.dead_at.is_not(None))
                .order_by(_INBOX.dead_at, _INBOX.event_id)
            )  # fmt: skip
        case GivenUp.TIMER:
            return (
                select(_TIMER.name.label("id"), _SUBJECT.key.label("subject"),
                       (_TIMER.lifecycle + "." + _TIMER.name).label("what"),
                       _TIMER.dead_at.label("since"), _TIMER.error)
                .join_from(schema.timers, schema.subjects, _SUBJECT.id == _TIMER.subject_id)
                .where(_TIMER.dead_at.is_not(None))
                .order_by(_TIMER.dead_at, _TIMER.subject_id, _TIMER.name)
            )  # fmt: skip
        case GivenUp.EFFECT:
            return (
                select(_EFFECT.id, _SUBJECT.key.label("subject"), _EFFECT.target.label("what"),
                       _EFFECT.created_at.label("since"), _EFFECT.error)
                .join_from(schema.outbox, schema.subjects, _SUBJECT.id == _EFFECT.subject_id)
                # Spelt out, since SQLite proves from no parameter that the index of such effects will do.
                .where(literal_column("outbox.state in ('dead', 'unknown')"))
                .where(_EFFECT.state == EffectState.DEAD)
                .order_by(_EFFECT.id)
            )  # fmt: skip
        case _:
            return (
                select(_MESSAGE.id, null().label("subject"), _MESSAGE.queue.label("what"),
                       _MESSAGE.received_at.label("since"), _MESSAGE.reason.label("error"))
                .where(_MESSAGE.discarded_at.is_(None))
                .order_by(_MESSAGE.id)
            )  # fmt: skip
