"""The parts of a packet that are subjects of their own: promises, appointments, calls and so on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.queries.family import FamilyTimer, Member
from workflow.recovery.packet.local_time import local_text

_PROMISE = (
    "words",
    "kind",
    "owner",
    "made_by",
    "due_at",
    "kept_at",
    "lapsed_at",
    "reason",
    "waiting_for",
    "renegotiations",
)
_APPOINTMENT = ("about", "place", "window", "windows", "eta", "owner", "reason")
_CALL = (
    "about",
    "title",
    "words",
    "due_at",
    "next_try",
    "claimed_by",
    "tries",
    "outcome",
    "skills",
    "language",
)
_ESCALATION = ("about", "words", "level", "told", "acknowledged_by", "act_by", "refusals", "outcome")
_APPROVAL = ("policy", "what", "amount", "asked_by", "due_at", "decided_by", "reason")


@dataclass(frozen=True, slots=True)
class Upcoming:
    """Something that happens by itself.

    Attributes:
        subject, timer: whose timer it is, and its name in the definition.
        words: of the promise or call that it is about, if it has any.
        at: UTC. local: as the customer reads it.
    """

    subject: str
    timer: str
    words: str | None
    at: datetime
    local: str | None


def promises(members: Sequence[Member], where: str | None) -> list[dict[str, Any]]:
    """Every promise that was made, with its deadline as the customer reads it."""
    return [
        {
            **_shown(member, _PROMISE),
            "due": local_text(member.data.get("due_at"), where),
            "late": "lapsed_at" in member.data,
            "to_customer": "customer" in member.data,
        }
        for member in _of(members, "promise")
    ]


def appointments(members: Sequence[Member], where: str | None) -> list[dict[str, Any]]:
    """Every appointment, with its window as the customer reads it."""
    return [
        {**_shown(member, _APPOINTMENT), "when": _window(member.data.get("window"), where)}
        for member in _of(members, "appointment")
    ]


def calls(members: Sequence[Member], where: str | None) -> list[dict[str, Any]]:
    """Every call that was asked for, with how often it was tried."""
    return [
        {**_shown(member, _CALL), "due": local_text(member.data.get("due_at"), where)}
        for member in _of(members, "callback")
    ]


def escalations(members: Sequence[Member]) -> list[dict[str, Any]]:
    """Every escalation, with who was told and who has it."""
    return [_shown(member, _ESCALATION) for member in _of(members, "escalation")]


def approvals(members: Sequence[Member]) -> list[dict[str, Any]]:
    """Everything that somebody was asked to approve."""
    return [_shown(member, _APPROVAL) for member in _of(members, "approval")]


def upcoming(members: Sequence[Member], timers: Sequence[FamilyTimer], where: str | None) -> list[Upcoming]:
    """What happens by itself, the next first."""
    words = {member.key: member.data.get("words") or member.data.get("title") for member in members[1:]}
    return [
        Upcoming(one.subject, one.name, words.get(one.subject), one.due_at, local_text(one.due_at, where))
        for one in timers
    ]


def _of(members: Sequence[Member], lifecycle: str) -> Iterator[Member]:
    return (member for member in members if member.lifecycle == lifecycle)


def _shown(member: Member, names: Sequence[str]) -> dict[str, Any]:
    return {
        "key": member.key,
        "state": member.state,
        "open": member.is_open,
        **{name: member.data.get(name) for name in names},
    }


def _window(window: Any, where: str | None) -> str | None:
    if not isinstance(window, Mapping) or "from" not in window or "to" not in window:
        return None
    return f"{local_text(window['from'], where)} to {local_text(window['to'], where)}"
