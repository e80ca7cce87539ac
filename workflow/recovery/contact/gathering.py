"""What is told to one colleague about one topic in a time of trouble: one message in so long, not hundreds.

The first message goes at once. What follows within the interval waits until it has passed, and goes as one
message then. So it is with all that concerns the cases of an incident; of other cases, with what only says
whose they are or how they went. A warning of anything else that came a quarter of an hour late would be of no
use. A further word about the same matter alone, such as a ladder that asks the same person again, is part of
its ordinary life and waits for nothing; but what an incident says to its customers is told together, however
few of its cases are somebody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import JSON, Select, case, func, select, type_coerce

from state_machines.notices.channels import Manner
from state_machines.notices.topics import Topic
from state_machines.values.instants import format_instant
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.channels import registered
from workflow.recovery.contact.policy import Go, Wait
from workflow.store.among import among
from workflow.store.port import Transaction
from workflow.store.schema import outbox, subjects

_SYSTEMS = frozenset({"webhook"})
"""Channels that are read by programs, which count by themselves."""
CASE = "case:"
"""How the key of a case begins."""
_NOTHING_IS_DUE = frozenset({"hand_over", "team_news", "ended"})
"""Topics by which a case asks nobody to do something by a certain time."""


class Line(NamedTuple):
    """Messages to one colleague that are gathered.

    Attributes:
        name: channel, topic and address.
        patient: whether a further word about the same matter waits, too.
    """

    name: str
    patient: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a notice about a case comes from, by key: its subject, and the incident of the case, if any."""

    subject: str
    incident: str | None


def _origins_of() -> Select[Any]:
    of_case = subjects.alias("of_case")
    named = type_coerce(subjects.c.data, JSON)["case"].as_string()
    key = case(
        (subjects.c.lifecycle == "case", subjects.c.key),  # which may have come out of an earlier one
        (subjects.c.parent.startswith(CASE), subjects.c.parent),
        (subjects.c.lifecycle == "escalation", func.coalesce(named, subjects.c.key)),
        else_=subjects.c.key,
    )
    return (
        select(
            outbox.c.id,
            subjects.c.key,
            type_coerce(of_case.c.data, JSON)["documented_by"].as_string(),
        )
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .join(of_case, of_case.c.key == key)
        .where(among(outbox.c.id, "effects"), of_case.c.lifecycle == "case")
    )


_ORIGINS = _origins_of()  # built once: that takes longer than the database


def origins(transaction: Transaction, effects: Sequence[int]) -> dict[int, Origin]:
    """Of these notices those that come out of a case, by effect. A ladder names the case of its promise."""
    rows = transaction.connection.execute(_ORIGINS, {"effects": effects})
    return {one: Origin(subject, incident) for one, subject, incident in rows}


def line_of(topic: Topic, found: Go, to: Any, origin: Origin) -> Line | None:
    """With what a message to a colleague is gathered; None: it goes for itself.

    Args:
        topic: what the notice is about; only what is for colleagues is gathered.
        found: the channels over which it may go.
        to: its recipient.
        origin: where it comes from.
    """
    only_says = origin.subject.startswith(CASE) and topic.name in _NOTHING_IS_DUE
    if origin.incident is None and not only_says:
        return None
    channel = found.channels[0]
    known, reached = registered().get(channel), address(to, channel)
    if not topic.colleagues or not reached or channel in _SYSTEMS:
        return None
    if known is None or known.manner is not Manner.TEXT:
        return None
    name = f"colleague/{channel}/{topic.name}/{reached.casefold()}"
    return Line(name, patient=only_says and origin.incident is not None)


def matter_of(subject: str, parent: str | None) -> str:
    """What a subject is part of: the case that it came out of, else itself; both by key."""
    of_case = parent is not None and parent.startswith(CASE) and not subject.startswith(CASE)
    return parent if parent is not None and of_case else subject


def case_of(subject: str, parent: str | None) -> str | None:
    """The case that a subject is, or is part of, by key; None: of none."""
    matter = matter_of(subject, parent)
    return matter if matter.startswith(CASE) else None


def until_gathered(now: datetime, interval: timedelta, last: datetime | None) -> Wait | None:
    """Until when a notice waits for others; None: it goes now, with all that waits.

    Args:
        now: the instant, UTC.
        interval: within which one message is enough.
        last: when the last message went on the same line, UTC; None: none has lately.
    """
    if last is None or last <= now - interval:
        return None
    until = last + interval
    return Wait(until, f"gathered until {format_instant(until)}, to be told of in one message")
