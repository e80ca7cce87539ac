"""Sends that a person must see to: of unknown outcome, or notices that never reached a customer.

Each gets one escalation. What was to be said to a customer and could not be is still to be said, by a person.
A customer whom we know and who can be reached over no channel is told of by their own subject, once and not
for each message.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import structlog
from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from state_machines.notices.topics import PAYLOAD_FIELD, TOPICS, topic_of
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import InvalidEvent
from workflow.recovery.house_words import house_says
from workflow.store.effect_states import EffectState
from workflow.store.schema import events, outbox, subjects

SOURCE = "/makegood/sweep"
_BATCH = 200
_KEY = "escalation:effect-"
_SHORT = 8
_UNREACHED = "unreached/"
_NO_WAY = "[no-way]"
"""How the reason ends where there is no channel on which somebody could be reached (see `contact.policy`)."""

log = structlog.get_logger(__name__)


def hand_over(engine: Engine, now: datetime) -> int:
    """Open an escalation for each lost send, unless there is one; how many were of unknown outcome.

    Its id names effect and dispatch token: any number of sweeps opens it once, and a send that a person
    had tried again, and that was lost again, goes to a person again.
    """
    with engine.store.connect() as connection:
        rows = connection.execute(_without_a_person()).all()
    try:
        if rows:
            engine.accept([_unreached(row, now) if row.no_way else _event(row, now) for row in rows])
    except InvalidEvent as error:  # an escalation of the installation's own that knows no `open`
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("sends that failed find no person", sends=len(rows), refused=rules)
        return 0
    return sum(row.state == EffectState.UNKNOWN for row in rows)


@cache
def _without_a_person() -> Select[Any]:
    """Sends that a person must hear of and none has, the oldest first, some.

    The word of an escalation is left out: its ladder goes on by itself, and an escalation about an
    escalation that nobody can be told of would have no end.
    """
    escalation = subjects.alias("escalation")
    place = cast(outbox.c.id, Text) + "-" + func.substr(func.coalesce(outbox.c.token, "none"), 1, _SHORT)
    escalated = select(escalation.c.id).where(escalation.c.key == _KEY + place).exists()
    said = type_coerce(outbox.c.payload, JSON)
    about = func.coalesce(said["about"].as_string(), "")
    registered = [topic.name for topic in TOPICS.all() if topic.colleagues]
    declared = said[PAYLOAD_FIELD, "colleagues"].as_boolean()
    for_colleagues = func.coalesce(declared, about.in_(registered), type_=Boolean)
    unknown = and_(outbox.c.state == EffectState.UNKNOWN, about != "escalation")
    undelivered = and_(outbox.c.state == EffectState.DEAD, outbox.c.kind == "notice", ~for_colleagues)
    customer = subjects.alias("customer")
    known = select(customer.c.id).where(
        customer.c.key == said["to", "key"].as_string(), customer.c.lifecycle == "customer"
    )
    told = select(events.c.id).where(events.c.source == SOURCE, events.c.event_id == _UNREACHED + place)
    without_a_way = and_(outbox.c.error.endswith(_NO_WAY), known.exists())
    columns = (
        without_a_way.label("no_way"),
        outbox.c.key.label("effect"),
        _way().label("target"),
        outbox.c.kind,
        outbox.c.state,
        outbox.c.error,
        outbox.c.payload,
    )
    return (
        select(place.label("place"), *columns, subjects.c.key.label("subject"))
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        # Spelt out, since SQLite proves from no parameter that the index of open effects will do.
        .where(literal_column("outbox.state in ('dead', 'unknown')"), or_(unknown, undelivered), ~escalated)
        .where(or_(~without_a_way, ~told.exists()))
        .order_by(outbox.c.id)
        .limit(_BATCH)
    )


def _way() -> ColumnElement[str]:
    """The channel over which it went, where that is known; of `preferred` only its sender knows it."""
    return func.coalesce(type_coerce(outbox.c.receipt, JSON)["channel"].as_string(), outbox.c.target)


def escalation_of(effect_id: int, token: str | None) -> str:
    """Key of the escalation about a send of this effect, which a sweep has opened or would open."""
    return f"{_KEY}{effect_id}-{(token or 'none')[:_SHORT]}"


def _unreached(lost: Row[Any], now: datetime) -> CloudEvent:
    """For the customer's own subject, which sees to it that one person hears of it."""
    data = {
        "channel": lost.target,
        "code": "no way",
        "words": lost.payload.get("words"),
        "about": lost.payload["about"],
        "effect": lost.effect,
    }
    said = {name: value for name, value in data.items() if value}
    key = lost.payload["to"]["key"]
    return CloudEvent(f"{_UNREACHED}{lost.place}", SOURCE, "customer.unreached", key, now, said)


def _event(lost: Row[Any], now: datetime) -> CloudEvent:
    said = lost.payload.get("words")
    known = lost.state == EffectState.DEAD
    what = "not_sent" if known else "unknown_task" if lost.kind == "task" else "unknown_send"
    sentences = [house_says(what, {"channel": lost.target, "error": lost.error})]
    if said:
        sentences.append(house_says("to_be_said", {"words": said}))
    data = {
        "about": "undelivered" if known else "unknown_outcome",
        "words": " ".join(sentences),
        "effect": lost.effect,
        "subject": lost.subject,
        "channel": lost.target,
    }
    if said and not topic_of(lost.payload).colleagues:
        data["customer"] = lost.payload["to"]
    key = _KEY + lost.place
    return CloudEvent(f"unknown/{lost.place}", SOURCE, "escalation.open", key, now, data, parent=lost.subject)
