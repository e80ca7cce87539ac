"""Dead letters reach a person: one escalation says how many there are, of what, and what to do about them.

Each dead letter is told once. The first is told by the next sweep; those that follow within a quarter of an
hour are told together at its end, so that a flood is a few escalations. What was retried or discarded before
is not told. That they were told is committed with the escalation that tells of them, whatever is killed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import structlog
from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)

from state_machines.notices.topics import PAYLOAD_FIELD, TOPICS
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import InvalidEvent
from workflow.recovery.house_words import house_says
from workflow.recovery.said_again import SAID_AGAIN
from workflow.store.own_sources import SUBJECT_SOURCE
from workflow.store.port import Transaction
from workflow.store.schema import dead_messages, events, inbox, outbox, subjects, timers, told_letters

SOURCE = "/makegood/sweep"
PAUSE = timedelta(minutes=15)
"""Between two escalations about dead letters, at least."""
KEY = "escalation:dead-letters-"
_TOPIC = "dead_letters"
_MOST = 1000
"""Dead letters that one escalation tells of; the next tells of the rest."""
_SHOWN = 10
"""Causes that it names."""
_SHORT = 8

log = structlog.get_logger(__name__)


class _Letter(NamedTuple):
    """A dead letter that nobody was told of: its name, and what caused it, without any data."""

    letter: str
    kind: str
    what: str
    rule: str


def tell_of_dead_letters(engine: Engine, now: datetime) -> int:
    """Open an escalation about the dead letters that nobody was told of; how many these are."""
    with engine.store.connect() as connection:
        last, number = connection.execute(_LAST_TOLD).one()
        if last is not None and now < last + PAUSE:
            return 0
        letters = _untold(connection)
    if not letters:
        return 0
    event = _event(letters, (number or 0) + 1, now)

    def note(transaction: Transaction) -> None:
        rows = [{"letter": one.letter, "number": (number or 0) + 1, "told_at": now} for one in letters]
        transaction.connection.execute(insert(told_letters), rows)

    try:
        (answer,) = engine.acceptor.store_one(engine.acceptor.check([event]), note)
    except InvalidEvent as error:  # an escalation of the installation's own that knows no `open`
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("dead letters find no person", dead_letters=len(letters), refused=rules)
        return 0
    # Another sweep of the same moment was faster; what only this one had seen is told by the next.
    return len(letters) if answer.status == "accepted" else 0


_LAST_TOLD = select(
    func.max(told_letters.c.told_at, type_=told_letters.c.told_at.type), func.max(told_letters.c.number)
)


def _untold(connection: Connection) -> list[_Letter]:
    found: list[_Letter] = []
    for query in _untold_queries():
        for row in connection.execute(query, {"most": _MOST - len(found)}):
            found.append(_Letter(row.letter, row.kind, row.what, _rule(row.error)))
    return found


@cache
def _untold_queries() -> tuple[Select[Any], ...]:
    """Built once: a sweep asks them each time, and building them takes longer than an empty answer."""
    return tuple(
        query.where(
            ~select(told_letters.c.letter).where(told_letters.c.letter == query.selected_columns[0]).exists()
        ).limit(bindparam("most"))
        for query in (_events(), _timers(), _effects(), _messages())
    )


def _rule(error: str | None) -> str:
    """What an error begins with: a rule or the class of a fault. What follows may quote data."""
    beginning = (error or "").partition(":")[0]
    return beginning if beginning and " " not in beginning and len(beginning) < 60 else "fault"


def _of_ourselves(key: ColumnElement[str]) -> ColumnElement[bool]:
    """Of an escalation about dead letters: telling of it by another one would have no end."""
    return key.startswith(KEY, autoescape=True)


def _events() -> Select[Any]:
    # An event is dead anew at another instant; what an escalation of ours has sent bears its key as id.
    letter = literal("event/") + cast(events.c.id, Text) + "/" + cast(inbox.c.dead_at, Text)
    sent_by_us = and_(events.c.source == SUBJECT_SOURCE, _of_ourselves(events.c.event_id))
    return (
        select(
            letter.label("letter"), literal("event").label("kind"), events.c.type.label("what"), inbox.c.error
        )
        .select_from(inbox)
        .join(events, events.c.id == inbox.c.event_id)
        .join(subjects, subjects.c.id == inbox.c.subject_id)
        .where(inbox.c.dead_at.is_not(None), ~_of_ourselves(subjects.c.key), ~sent_by_us)
        .order_by(inbox.c.event_id)
    )


def _messages() -> Select[Any]:
    letter = literal("message/") + cast(dead_messages.c.id, Text)
    return (
        select(
            letter.label("letter"),
            literal("message").label("kind"),
            dead_messages.c.queue.label("what"),
            dead_messages.c.reason.label("error"),
        )
        .where(dead_messages.c.discarded_at.is_(None))
        .order_by(dead_messages.c.id)
    )


def _timers() -> Select[Any]:
    place = cast(timers.c.subject_id, Text) + "/" + timers.c.name + "/" + cast(timers.c.setting, Text)
    what = timers.c.lifecycle + "." + timers.c.name
    letter = literal("timer/") + place + "/" + cast(timers.c.dead_at, Text)
    return (
        select(letter.label("letter"), literal("timer").label("kind"), what.label("what"), timers.c.error)
        .select_from(timers)
        .join(subjects, subjects.c.id == timers.c.subject_id)
        .where(timers.c.dead_at.is_not(None), ~_of_ourselves(subjects.c.key))
        .order_by(timers.c.dead_at, timers.c.subject_id, timers.c.name)
    )


def _effects() -> Select[Any]:
    """Dead tasks, and notices that colleagues never got; each notice to a customer has its own escalation."""
    letter = literal("effect/") + cast(outbox.c.id, Text) + "/" + func.coalesce(outbox.c.token, "none")
    said = type_coerce(outbox.c.payload, JSON)
    about = func.coalesce(said["about"].as_string(), "")
    registered = [topic.name for topic in TOPICS.all() if topic.colleagues]
    declared = said[PAYLOAD_FIELD, "colleagues"].as_boolean()
    for_colleagues = func.coalesce(declared, about.in_(registered), type_=Boolean)
    meant = or_(outbox.c.kind == "task", and_(for_colleagues, about.not_in(SAID_AGAIN)))
    what = subjects.c.lifecycle + " " + outbox.c.kind + " " + outbox.c.target
    return (
        select(
            letter.label("letter"),
            literal("effect").label("kind"),
            what.label("what"),
            literal(None, Text).label("error"),
        )
        .select_from(outbox)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .where(literal_column("outbox.state = 'dead'"), meant, ~_of_ourselves(subjects.c.key))
        .order_by(outbox.c.id)
    )


def _event(letters: Sequence[_Letter], number: int, now: datetime) -> CloudEvent:
    counted = Counter((one.kind, one.what, one.rule) for one in letters).most_common()
    causes = [
        f"{count} x {kind} {what}" + ("" if kind == "effect" else f" [{rule}]")
        for (kind, what, rule), count in counted[:_SHOWN]
    ]
    if len(counted) > _SHOWN:
        causes.append(house_says("causes_more", {"count": len(counted) - _SHOWN}))
    words = house_says(
        "dead_letter" if len(letters) == 1 else "dead_letters",
        {"count": len(letters), "causes": "; ".join(causes)},
    )
    data = {"about": _TOPIC, "words": words}
    return CloudEvent(f"dead-letters/{number}", SOURCE, "escalation.open", f"{KEY}{number}", now, data)
