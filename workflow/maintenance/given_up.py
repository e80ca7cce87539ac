"""What was given up and waits for an operator: its kinds, its causes, and how it is read by its indexes.

A cause is what stands before the first colon of an error: a rule, or the kind of a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from workflow.store import schema
from workflow.store.effect_states import EffectState

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


class _Position(GenericFunction[int]):
    """Where a text begins within another, from 1; 0: nowhere."""

    name = "strpos"
    type = Integer()
    inherit_cache = True


@compiles(_Position, "sqlite")
def _instr(element: Any, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@cache
def oldest(kind: GivenUp) -> Select[Any]:
    """Of the oldest of a kind, as many as the parameter `most` says, no more than their causes take.

    The columns are `id` (of a timer: of its subject), `since`, and `what` and `word` of its cause. No more
    rows are read, however many there are.
    """
    most = bindparam("most", type_=Integer())
    match kind:
        case GivenUp.EVENT:
            inbox = select(_INBOX.event_id, _INBOX.dead_at, _INBOX.error).where(_DEAD_EVENT)
            some = inbox.order_by(_INBOX.dead_at).limit(most).subquery()
            known = select(some.c.event_id.label("id"), some.c.dead_at.label("since"), _word(some.c.error))
            return known.add_columns(_EVENT.type.label("what")).join(
                schema.events, _EVENT.id == some.c.event_id
            )
        case GivenUp.TIMER:
            known = select(_TIMER.subject_id.label("id"), _TIMER.dead_at.label("since"), _timer_words())
            query = known.add_columns(_word(_TIMER.error)).where(_DEAD_TIMER)
            return query.order_by(_TIMER.dead_at).limit(most)
        case GivenUp.EFFECT:
            known = select(_EFFECT.id, _EFFECT.created_at.label("since"), _EFFECT.target.label("what"))
            query = known.add_columns(_word(_EFFECT.error)).where(_DEAD_EFFECT)
            return query.order_by(_EFFECT.state, _EFFECT.id).limit(most)
        case _:
            known = select(_MESSAGE.id, _MESSAGE.received_at.label("since"), _MESSAGE.queue.label("what"))
            query = known.add_columns(_word(_MESSAGE.reason)).where(_DEAD_MESSAGE)
            return query.order_by(_MESSAGE.id).limit(most)


@cache
def by_cause(kind: GivenUp) -> Select[Any]:
    """The same by cause: `what`, `word`, how `many`, and of the first by `id` that and `since`."""
    some = oldest(kind).subquery()
    first = func.min(some.c.since, type_=some.c.since.type).label("since")
    query = select(
        some.c.what, some.c.word, func.count().label("many"), func.min(some.c.id).label("id"), first
    )
    return query.group_by(some.c.what, some.c.word)


@cache
def these(kind: GivenUp) -> Select[Any]:
    """Those with an `id` that the parameter `ids` names, as `whole` has them."""
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    column: ColumnElement[Any]
    match kind:
        case GivenUp.EVENT:
            column = _INBOX.event_id
        case GivenUp.TIMER:
            column = _TIMER.subject_id
        case GivenUp.EFFECT:
            column = _EFFECT.id
        case _:
            column = _MESSAGE.id
    return whole(kind).order_by(None).where(column.in_(ids))


def with_cause(cause: Cause) -> Select[Any]:
    """All rows with a cause, as `whole` has them."""
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
    return whole(cause.kind).where(what, _word(error) == cause.word)


def whole(kind: GivenUp) -> Select[Any]:
    """What was given up of a kind, the oldest first: `id`, `subject`, `what`, `since` and its whole `error`.

    A timer has its `name`, too.
    """
    match kind:
        case GivenUp.EVENT:
            return (
                select(_EVENT.id, _SUBJECT.key.label("subject"), _EVENT.type.label("what"),
                       _INBOX.dead_at.label("since"), _INBOX.error)
                .select_from(schema.inbox)
                .join(schema.events, _EVENT.id == _INBOX.event_id)
                .join(schema.subjects, _SUBJECT.id == _INBOX.subject_id)
                .where(_DEAD_EVENT)
                .order_by(_INBOX.dead_at, _INBOX.event_id)
            )  # fmt: skip
        case GivenUp.TIMER:
            return (
                select(_TIMER.subject_id.label("id"), _TIMER.name, _SUBJECT.key.label("subject"),
                       _timer_words(), _TIMER.dead_at.label("since"), _TIMER.error)
                .join_from(schema.timers, schema.subjects, _SUBJECT.id == _TIMER.subject_id)
                .where(_DEAD_TIMER)
                .order_by(_TIMER.dead_at, _TIMER.subject_id, _TIMER.name)
            )  # fmt: skip
        case GivenUp.EFFECT:
            return (
                select(_EFFECT.id, _SUBJECT.key.label("subject"), _EFFECT.target.label("what"),
                       _EFFECT.created_at.label("since"), _EFFECT.error)
                .join_from(schema.outbox, schema.subjects, _SUBJECT.id == _EFFECT.subject_id)
                .where(_DEAD_EFFECT)
                .order_by(_EFFECT.state, _EFFECT.id)
            )  # fmt: skip
        case _:
            return (
                select(_MESSAGE.id, null().label("subject"), _MESSAGE.queue.label("what"),
                       _MESSAGE.received_at.label("since"), _MESSAGE.reason.label("error"))
                .where(_DEAD_MESSAGE)
                .order_by(_MESSAGE.id)
            )  # fmt: skip


def _word(error: ColumnElement[Any]) -> ColumnElement[Any]:
    """The cause that an error names."""
    said = func.coalesce(error, "", type_=Text())
    return func.substr(func.substr(said, 1, _LONGEST), 1, _Position(said + ":", ":") - 1).label("word")


def _timer_words() -> ColumnElement[Any]:
    return (_TIMER.lifecycle + "." + _TIMER.name).label("what")


_DEAD_EVENT = _INBOX.dead_at.is_not(None)
_DEAD_TIMER = _TIMER.dead_at.is_not(None)
_DEAD_MESSAGE = _MESSAGE.discarded_at.is_(None)
# Spelt out, since SQLite proves from no parameter that the index of such effects will do; and a range, not an
# equation: in the order of state and id there is one index alone, while for the order of ids PostgreSQL takes
# that of all effects, and reads past every one that has settled.
_DEAD_EFFECT = literal_column("outbox.state in ('dead', 'unknown')") & _EFFECT.state.between(
    EffectState.DEAD, EffectState.DEAD
)
