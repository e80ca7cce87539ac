"""What stands in a packet: the case, all that came out of it, and whom its customer was taken for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from state_machines.calendars.quiet_hours import NeverAllowed, QuietHours, next_allowed
from state_machines.values.time_errors import QuietHoursError
from workflow.queries.family import Family, FamilyTimer, family, timers_of
from workflow.recovery.packet.likenesses import Merge, OpenLikeness, likenesses_of
from workflow.recovery.packet.local_time import local_text, zone_of
from workflow.recovery.packet.parts import (
    Upcoming,
    appointments,
    approvals,
    calls,
    escalations,
    promises,
    upcoming,
)
from workflow.store.port import Store

MOST = 100
"""Entries of each list."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How and when the customer may be reached.

    Attributes:
        zone: theirs; None: unknown.
        channels: those they prefer, the best first. opted_out: those that must not be used.
        quiet_hours, window: as they said it, in their wall time.
        may_call_at: from when on a person may call, UTC; None: nobody knows, ask for their zone or hours.
        may_call: the same as they read it.
    """

    zone: str | None
    language: str | None
    channels: Sequence[str]
    opted_out: Sequence[str]
    quiet_hours: Any
    window: Any
    may_call_at: datetime | None
    may_call: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """A fact that is known: it is not asked for again. `known` is always true, for programs to rely on."""

    fact: str
    value: Any
    known: bool = True


@dataclass(frozen=True, slots=True)
class Packet:
    """Everything the next person needs.

    Attributes:
        number: the case's id, what a customer is told. key: the subject's.
        made_at: when the packet was put together, UTC.
        who: the customer as we know them.
        same: other customers who were taken for them, and how that is undone. alike: those who may be them.
        problem: in the customer's words. understood: in ours.
        steps: each step tried, with its result; it is not asked for again (`tried` is true).
        asked: what the customer was asked and has not answered yet.
        told: every word we gave them, the latest first.
        next: what happens by itself, and when; the next first.
        more: by the name of a list that is longer than `MOST`, how many entries it has besides; of what ends
            the open ones and the newest are shown. `family`: subjects that were not looked at.
    """

    number: str
    key: str
    state: str
    made_at: datetime
    opened_at: datetime | None
    owner: Any
    team: str | None
    who: Any
    same: Sequence[Merge]
    alike: Sequence[OpenLikeness]
    contact: Contact
    problem: str
    understood: str | None
    channel: str | None
    part: str | None
    contacts: Sequence[Mapping[str, Any]]
    facts: Sequence[Known]
    steps: Sequence[Mapping[str, Any]]
    asked: Sequence[Mapping[str, Any]]
    waiting_for: str | None
    plan: Mapping[str, Any]
    promises: Sequence[Mapping[str, Any]]
    appointments: Sequence[Mapping[str, Any]]
    calls: Sequence[Mapping[str, Any]]
    escalations: Sequence[Mapping[str, Any]]
    approvals: Sequence[Mapping[str, Any]]
    grants: Sequence[Mapping[str, Any]]
    displeasures: Sequence[Mapping[str, Any]]
    hand_overs: Sequence[Mapping[str, Any]]
    told: Sequence[Mapping[str, Any]]
    causes: Sequence[str]
    related: Sequence[str]
    next: Sequence[Upcoming]
    more: Mapping[str, int]


def packet(store: Store, number: str, now: datetime) -> Packet:
    """The packet of the case with this number, as it stands.

    Raises NotFound when there is no such case.
    """
    with store.connect() as connection:
        found = family(connection, f"case:{number}")
        return packet_of(connection, found, timers_of(connection, found.members), now)


def packet_of(connection: Connection, found: Family, timers: Sequence[FamilyTimer], now: datetime) -> Packet:
    """The packet of a case, of whose family somebody has asked already. `timers` are all of the family."""
    others = likenesses_of(connection, found.members[0].data.get("customer"))
    members, number = found.members, found.members[0].key.partition(":")[2]
    case, data = members[0], members[0].data
    customer = data.get("customer")
    where = zone_of(customer)
    answered = {*data.get("facts", {}), *(step["step"] for step in data.get("steps", ()))}
    return shortened(
        number=number,
        key=case.key,
        state=case.state,
        made_at=now,
        opened_at=case.opened_at,
        owner=data.get("owner"),
        team=data.get("team"),
        who=customer,
        same=others.same,
        alike=others.alike,
        contact=_contact(customer, where, now),
        problem=data.get("words", ""),
        understood=data.get("understood"),
        channel=data.get("channel"),
        part=data.get("part"),
        contacts=data.get("contacts", []),
        facts=[Known(name, value) for name, value in sorted(data.get("facts", {}).items())],
        steps=[{**step, "tried": True} for step in data.get("steps", [])],
        asked=[one for one in data.get("asked", []) if one.get("fact", one.get("step")) not in answered],
        waiting_for=data.get("waiting_for"),
        plan=data.get("plan", {}),
        promises=promises(members, where),
        appointments=appointments(members, where),
        calls=calls(members, where),
        escalations=escalations(members),
        approvals=approvals(members),
        grants=data.get("grants", []),
        displeasures=data.get("displeasures", []),
        hand_overs=data.get("hand_overs", []),
        told=list(reversed(data.get("told", []))),
        causes=data.get("causes", []),
        related=data.get("related", []),
        next=upcoming(members, timers, where),
        more={"family": found.more} if found.more else {},
    )


def shortened(**parts: Any) -> Packet:
    """The packet of these parts, each list with what matters most of it."""
    more = dict(parts["more"])
    for name, keep in _KEPT.items():
        rows = parts[name]
        if len(rows) > MOST:
            parts[name] = keep(rows)
            more[name] = len(rows) - MOST
    return Packet(**{**parts, "more": more})


def _first(rows: Sequence[Any]) -> Sequence[Any]:
    return rows[:MOST]


def _newest(rows: Sequence[Any]) -> Sequence[Any]:
    return rows[-MOST:]


def _open_first(rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """The open ones and the newest, in their order."""
    places = sorted(range(len(rows)), key=lambda place: (rows[place]["open"], place))[-MOST:]
    return [rows[place] for place in sorted(places)]


_KEPT: Mapping[str, Callable[[Sequence[Any]], Sequence[Any]]] = {
    **dict.fromkeys(("facts", "told", "next", "causes"), _first),
    **dict.fromkeys(
        ("contacts", "steps", "asked", "grants", "displeasures", "hand_overs", "related"), _newest
    ),
    **dict.fromkeys(("promises", "appointments", "calls", "escalations", "approvals"), _open_first),
}


def _contact(customer: Any, where: str | None, now: datetime) -> Contact:
    said: Mapping[str, Any] = customer if isinstance(customer, Mapping) else {}
    may_call_at = _may_call_at(said, where, now)
    return Contact(
        zone=where,
        language=said.get("language"),
        channels=said.get("channels") or [],
        opted_out=said.get("opted_out") or [],
        quiet_hours=said.get("quiet_hours"),
        window=said.get("window"),
        may_call_at=may_call_at,
        may_call=local_text(may_call_at, where),
    )


def _may_call_at(said: Mapping[str, Any], where: str | None, now: datetime) -> datetime | None:
    if "live" in (said.get("opted_out") or []):
        return None
    try:
        wishes = QuietHours.parse(said.get("quiet_hours"), said.get("window"))
    except QuietHoursError:
        return None
    found = next_allowed(now, wishes, where)
    return None if isinstance(found, NeverAllowed) else found


__all__ = ["Contact", "Known", "Packet", "local_text", "packet"]
