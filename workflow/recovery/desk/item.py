"""What stands in the desk's line: a call that somebody should make, or an escalation to take on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from state_machines.subject import Subject
from state_machines.values.instants import InstantError, parse_instant
from workflow.queries.subjects import SubjectRow
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.hours import contact_time


class Kind(StrEnum):
    """What can stand in the line; the value is the lifecycle."""

    CALLBACK = "callback"
    ESCALATION = "escalation"


FREE: Mapping[Kind, tuple[str, ...]] = {
    Kind.CALLBACK: ("waiting",),
    Kind.ESCALATION: ("asking", "notified", "waiting"),
}
"""The states in which nobody has it yet."""


@dataclass(frozen=True, slots=True)
class Item:
    """One place in the line.

    Attributes:
        key: the subject's key.
        kind: a call, or an escalation.
        state: of the subject; in the line, one of `FREE`.
        place: it is served by this: the promised instant, else when it is expected or should be taken on.
        since: when it came to the desk, UTC.
        about, words: what it is about.
        customer: as the subject has it.
        number: the customer's telephone, to be dialled by hand; empty when none is known.
        skills, language: what whoever takes it must be able to do, and to speak.
        desk: whose it is, if it is somebody's.
        promise, promise_due_at: the promise behind it.
        parent: key of the subject that asked for it; its context packet has all that is known.
        context: what whoever asked for it had to say.
        tries: calls so far.
        held_by: who has it, when somebody has.
        taken_from: who had it before they took it over, if so.
    """

    key: str
    kind: Kind
    state: str
    place: datetime
    since: datetime
    about: str
    words: str
    customer: Any
    number: str
    skills: tuple[str, ...]
    language: str | None
    desk: Any
    promise: str | None
    promise_due_at: str | None
    parent: str | None
    context: Mapping[str, Any]
    tries: int
    held_by: Any
    taken_from: Any

    def may_be_taken(self, now: datetime) -> bool:
        """Whether to take it on now makes sense: a call only in the customer's hours, if they take calls."""
        if self.kind is not Kind.CALLBACK:
            return True
        opted_out = self.customer.get("opted_out") if isinstance(self.customer, Mapping) else None
        return "live" not in (opted_out or ()) and contact_time(self.customer, now) <= now


def place_in_line(subject: Subject) -> datetime | None:
    """By which instant (UTC) a call or an escalation is served; None once somebody has it, or it ended."""
    if subject.state not in FREE[Kind(subject.lifecycle)]:
        return None
    return _place(subject.data, _since(subject))


def item_of(row: SubjectRow) -> Item:
    """What stands in the line as a subject's row says; subjects of an older version say less."""
    said = row.data
    since = _since(row)
    customer = said.get("customer")
    skills = said.get("skills")
    return Item(
        key=row.key,
        kind=Kind(row.lifecycle),
        state=row.state,
        place=_place(said, since),
        since=since,
        about=str(said.get("about", "")),
        words=str(said.get("words", "")),
        customer=customer,
        number=address(customer, "live"),
        skills=tuple(str(one) for one in skills) if isinstance(skills, list) else (),
        language=said.get("language"),
        desk=said.get("desk"),
        promise=said.get("promise"),
        promise_due_at=said.get("promise_due_at"),
        parent=row.parent,
        context=said.get("context") or {},
        tries=len(said.get("tries") or ()),
        held_by=said.get("claimed_by") or said.get("acknowledged_by"),
        taken_from=said.get("taken_from"),
    )


def _since(one: Subject | SubjectRow) -> datetime:
    since = one.opened_at or one.changed_at
    assert since is not None, "a subject that was opened has its instant"
    return since


def _place(said: Mapping[str, Any], since: datetime) -> datetime:
    try:
        text: Any = said.get("place") or said.get("due_at") or said.get("promise_due_at")
        return parse_instant(text)  # says itself what is no text
    except InstantError:
        return since
