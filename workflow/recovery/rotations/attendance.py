"""Who of an event of a calendar is on duty, by what its attendees are and what they answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from workflow.recovery.rotations.calendar_times import listed

_NOBODY = frozenset({"ROOM", "RESOURCE", "GROUP"})
"""CUTYPE of what is no person: a room, a thing, a list of people whom nobody can ring up."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who comes to an event.

    Attributes:
        people: who is on duty: `{name, email}` each.
        declined: names of those who said no, or passed it on to somebody who is not reached by mail.
    """

    people: list[dict[str, str]]
    declined: list[str]


def attendance(event: Mapping[str, Any], addresses: Mapping[str, str]) -> Attendance:
    """Who of an event is on duty.

    Whoever was asked and has not said no: no answer, or a perhaps, is no refusal of a duty. What somebody
    delegated is their delegate's. Rooms, things, groups and those who are only to know of it are nobody.
    Where there is no attendee, whoever the summary names; never the organizer, who plans for others.

    Args:
        event: its properties by name.
        addresses: by the names of people of whom the calendar has no address.
    """
    asked = [one for one in listed(event.get("ATTENDEE")) if _is_person(one)]
    known = {email.lower() for one in asked if (email := _email(one, addresses))}
    people: list[dict[str, str]] = []
    declined: list[str] = []
    for one in asked:
        email, answer = _email(one, addresses), _parameter(one, "PARTSTAT").upper()
        if answer in ("DECLINED", "DELEGATED"):
            declined.append(_name(one) or email or str(one))
        elif email is not None:
            people.append({"name": _name(one) or email, "email": email})
        if answer == "DELEGATED":
            for other in _delegates(one):
                if other.lower() not in known:  # who is asked as well has an answer of their own
                    known.add(other.lower())
                    people.append({"name": other, "email": other})
    if not people and not declined:
        people = list(_by_summary(str(event.get("SUMMARY", "")).strip(), addresses))
    return Attendance(people, declined)


def _is_person(attendee: Any) -> bool:
    return (
        _parameter(attendee, "CUTYPE").upper() not in _NOBODY
        and _parameter(attendee, "ROLE").upper() != "NON-PARTICIPANT"
    )


def _by_summary(summary: str, addresses: Mapping[str, str]) -> Iterator[dict[str, str]]:
    if summary in addresses:
        yield {"name": summary, "email": addresses[summary]}
    elif (email := _mailbox(summary)) is not None:
        yield {"name": email, "email": email}


def _email(attendee: Any, addresses: Mapping[str, str]) -> str | None:
    """Their address: the value, else the parameter EMAIL, else what is known of their name."""
    return (
        _mailbox(str(attendee)) or _mailbox(_parameter(attendee, "EMAIL")) or addresses.get(_name(attendee))
    )


def _mailbox(text: str) -> str | None:
    """The address in ``mailto:ada@shop.example``, or ``ada@shop.example`` alone."""
    scheme, colon, rest = text.strip().partition(":")
    if colon and scheme.lower() != "mailto":
        return None
    said = unquote(rest.partition("?")[0]) if colon else scheme
    name, at, host = said.partition("@")
    return said if at and name and host and not any(sign.isspace() for sign in said) else None


def _delegates(attendee: Any) -> Iterator[str]:
    for one in listed(attendee.params.get("DELEGATED-TO")):
        if (email := _mailbox(str(one))) is not None:
            yield email


def _name(attendee: Any) -> str:
    return _parameter(attendee, "CN")


def _parameter(attendee: Any, name: str) -> str:
    """Its text; a comma outside of quotes made a list of it."""
    value = getattr(attendee, "params", {}).get(name, "")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).strip()
