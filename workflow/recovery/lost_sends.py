"""Sends that a person must see to: of unknown outcome, or notices that never reached a customer.

Each message gets one escalation, which names all notices that it said. What was to be said to a customer and
could not be is still to be said, by a person.
A customer whom we know and who can be reached over no channel is told of by their own subject, once and not
for each message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
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
from workflow.recovery.contact.gathering import case_of
from workflow.recovery.house_words import house_says
from workflow.recovery.said_again import SAID_AGAIN
from workflow.store.effect_states import EffectState
from workflow.store.schema import events, outbox, subjects

SOURCE = "/makegood/sweep"
_BATCH = 200
_KEY = "escalation:effect-"
_SHORT = 8
_MOST_NAMED = 20
"""Notices of one message that are named in words; their keys are all there."""
_UNREACHED = "unreached/"
_NO_WAY = "[no-way]"
"""How the reason ends where there is no channel on which somebody could be reached (see `contact.policy`)."""

log = structlog.get_logger(__name__)


def hand_over(engine: Engine, now: datetime) -> int:
    """Open an escalation for each lost message, unless there is one; how many were of unknown outcome.

    Its id names the first effect of the message and the dispatch token, which all of them share: any number
    of sweeps opens it once, and a send that a person had tried again, and that was lost again, goes to one
    again.
    """
    with engine.store.connect() as connection:
        rows = connection.execute(_without_a_person()).all()
        messages = {row.place: row for row in reversed(rows)}  # of each message the first notice
        said = {place: _told_with(connection, row) for place, row in messages.items()}
    try:
        if rows:
            engine.accept(
                [
                    _unreached(row, now) if row.no_way else _event(row, said[row.place], now)
                    for row in messages.values()
                ]
            )
    except InvalidEvent as error:  # an escalation of the installation's own that knows no `open`
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("sends that failed find no person", sends=len(rows), refused=rules)
        return 0
    return sum(row.state == EffectState.UNKNOWN for row in rows)


@cache
def _without_a_person() -> Select[Any]:
    """Sends that a person must hear of and none has, the oldest first, some.

    What is said again anyway is left out: the ladder of an escalation goes on by itself, and an escalation
    about an escalation that nobody can be told of would have no end.
    """
    escalation = subjects.alias("escalation")
    receipt = type_coerce(outbox.c.receipt, JSON)
    message = func.coalesce(receipt["gathered"].as_string(), outbox.c.key)
    first = outbox.alias("first")
    number = func.coalesce(first.c.id, outbox.c.id)
    place = cast(number, Text) + "-" + func.substr(func.coalesce(outbox.c.token, "none"), 1, _SHORT)
    escalated = select(escalation.c.id).where(escalation.c.key == _KEY + place).exists()
    said = type_coerce(outbox.c.payload, JSON)
    about = func.coalesce(said["about"].as_string(), "")
    registered = [topic.name for topic in TOPICS.all() if topic.colleagues]
    declared = said[PAYLOAD_FIELD, "colleagues"].as_boolean()
    for_colleagues = func.coalesce(declared, about.in_(registered), type_=Boolean)
    unknown = and_(outbox.c.state == EffectState.UNKNOWN, about.not_in(SAID_AGAIN))
    undelivered = and_(outbox.c.state == EffectState.DEAD, outbox.c.kind == "notice", ~for_colleagues)
    customer = subjects.alias("customer")
    known = select(customer.c.id).where(
        customer.c.key == said["to", "key"].as_string(), customer.c.lifecycle == "customer"
    )
    told = select(events.c.id).where(events.c.source == SOURCE, events.c.event_id == _UNREACHED + place)
    without_a_way = and_(outbox.c.error.endswith(_NO_WAY), known.exists())
    columns = (
        without_a_way.label("no_way"),
        message.label("message"),
        or_(message != outbox.c.key, receipt["digest", 1].as_string().is_not(None)).label("of_several"),
        outbox.c.token,
        outbox.c.key.label("effect"),
        _way().label("target"),
        outbox.c.kind,
        outbox.c.state,
        outbox.c.error,
        outbox.c.payload,
    )
    return (
        select(place.label("place"), *columns, subjects.c.key.label("subject"), subjects.c.parent)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .outerjoin(first, first.c.key == message)
        # Spelt out, since SQLite proves from no parameter that the index of open effects will do.
        .where(literal_column("outbox.state in ('dead', 'unknown')"), or_(unknown, undelivered), ~escalated)
        .where(or_(~without_a_way, ~told.exists()))
        .order_by(outbox.c.id)
        .limit(_BATCH)
    )


def _told_with(connection: Connection, lost: Row[Any]) -> list[Row[Any]]:
    """All notices of the message that was lost with this one, in their order; none if it went alone."""
    if not lost.of_several:
        return []
    gathered = type_coerce(outbox.c.receipt, JSON)["gathered"].as_string()
    query = select(outbox.c.key, outbox.c.payload).where(
        literal_column("outbox.state in ('dead', 'unknown')"),
        outbox.c.token == lost.token,
        or_(outbox.c.key == lost.message, gathered == lost.message),
    )
    return [*connection.execute(query.order_by(outbox.c.id))]


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


def _event(lost: Row[Any], together: Sequence[Row[Any]], now: datetime) -> CloudEvent:
    said = _said(lost, together)
    known = lost.state == EffectState.DEAD
    what = "not_sent" if known else "unknown_task" if lost.kind == "task" else "unknown_send"
    beginning = house_says(what, {"channel": lost.target, "error": lost.error})
    data = {
        "about": "undelivered" if known else "unknown_outcome",
        "words": f"{beginning} {said}".strip(),
        "effect": lost.effect,
        "subject": lost.subject,
        "channel": lost.target,
    }
    if (case := case_of(lost.subject, lost.parent)) is not None and len(together) < 2:
        data["case"] = case
    if len(together) > 1:
        data |= {"effects": [one.key for one in together], "effect": lost.message}
        del data["subject"]
    if said and not topic_of(lost.payload).colleagues:
        data["customer"] = lost.payload["to"]
    key = _KEY + lost.place
    # What was said of several subjects is none's to call off.
    parent = None if len(together) > 1 else lost.subject
    return CloudEvent(f"unknown/{lost.place}", SOURCE, "escalation.open", key, now, data, parent=parent)


def _said(lost: Row[Any], together: Sequence[Row[Any]]) -> str:
    """What it was to say; of a message of many notices how many these are, and the first of them."""
    if len(together) < 2:
        words = lost.payload.get("words")
        return house_says("to_be_said", {"words": words}) if words else ""
    titles = [one.payload.get("title") or one.payload.get("words", "") for one in together]
    rest = len(titles) - _MOST_NAMED
    named = titles[:_MOST_NAMED] + ([house_says("and_more", {"count": rest})] if rest > 0 else [])
    return house_says("matters_to_be_said", {"count": len(titles), "titles": "; ".join(named)})
