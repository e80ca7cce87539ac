"""An iCalendar (RFC 5545) read as shifts: each event is one, its attendees are on duty.

Recurring events (RRULE, RDATE, EXDATE, RECURRENCE-ID) are expanded by `recurring_ical_events`. A time without
a zone (a floating one, section 3.3.5) and a whole day are those of the zone that the caller names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from state_machines.errors import Problem
from state_machines.values.instants import format_instant
from workflow.errors import MakegoodError

MOST_SHIFTS = 5_000
"""More than this many make every question to the rotation slow; a shorter span has fewer."""
_MOST_SAID = 20
_CANCELLED = "CANCELLED"
_Entry = Mapping[str, Any]
"""An event: its properties by name."""


class CalendarRefused(MakegoodError):
    """A calendar cannot be imported; `problems` says all that is wrong with it, and nothing was sent."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        more = len(problems) - _MOST_SAID
        lines = [str(problem) for problem in problems[:_MOST_SAID]] + (
            [f"and {more} more"] if more > 0 else []
        )
        super().__init__("\n  ".join(lines))


def shifts_of(
    text: bytes, begin: datetime, end: datetime, zone: ZoneInfo, people: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The shifts of a calendar that touch a span, the earliest first, as `rotation.set` takes them.

    Args:
        text: the file.
        begin, end: the span, UTC.
        zone: of times that say none.
        people: addresses by the names that events without attendees have as summary.

    Raises:
        CalendarRefused: no calendar, or events that cannot be shifts, each with its field and rule.
    """
    problems: list[Problem] = []
    shifts = [
        shift
        for number, event in enumerate(_events(text, begin, end, zone))
        if (shift := _shift(event, f"events[{number}]", zone, people, problems)) is not None
    ]
    if len(shifts) > MOST_SHIFTS:
        problems.append(Problem("events", "too-many", f"are more than {MOST_SHIFTS} shifts; take fewer days"))
    if problems:
        raise CalendarRefused(problems)
    if not shifts:
        raise CalendarRefused([Problem("events", "none", "there is no event in the span that is asked for")])
    return shifts


def _events(text: bytes, begin: datetime, end: datetime, zone: ZoneInfo) -> list[_Entry]:
    try:
        found = recurring_ical_events.of(Calendar.from_ical(text), components=["VEVENT"]).after(begin)
        # One more than can be kept says that there are too many; a series without end has no last one.
        near = list(islice(takewhile(lambda one: _at(one["DTSTART"].dt, zone) < end, found), MOST_SHIFTS + 1))
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # the libraries raise all of these
        problem = Problem("calendar", "icalendar", f"is no iCalendar that can be read: {error}")
        raise CalendarRefused([problem]) from error
    return sorted((one for one in near if str(one.get("STATUS", "")).upper() != _CANCELLED), key=_order)


def _order(event: _Entry) -> tuple[str, str]:
    start = event.get("DTSTART")
    return (str(start.dt) if start is not None else "", str(event.get("UID", "")))


def _shift(
    event: _Entry, field: str, zone: ZoneInfo, people: Mapping[str, str], problems: list[Problem]
) -> dict[str, Any] | None:
    begin, end = _instant(event.get("DTSTART"), zone), _end(event, zone)
    if begin is None or end is None:
        problems.append(Problem(f"{field}.dtstart", "required", "must say when it begins and ends"))
        return None
    if end <= begin:
        problems.append(
            Problem(f"{field}.dtend", "order", f"ends at or before it begins, at {begin.isoformat()}")
        )
        return None
    on_duty = list(_people(event, people))
    if not on_duty:
        summary = str(event.get("SUMMARY", ""))
        hint = f"has no attendee with a mail address, and no --person tells that of {summary!r}"
        problems.append(Problem(f"{field}.attendee", "no-person", f"at {begin.isoformat()} {hint}"))
        return None
    return {"from": format_instant(begin), "to": format_instant(end), "people": on_duty}


def _people(event: _Entry, people: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Attendees with their addresses; where there are none, whoever the summary names."""
    attendees = event.get("ATTENDEE") or []
    named = False
    for one in attendees if isinstance(attendees, list) else [attendees]:
        scheme, _, email = str(one).partition(":")
        if scheme.lower() == "mailto" and "@" in email:
            named = True
            yield {"name": str(one.params.get("CN", email)), "email": email}
    summary = str(event.get("SUMMARY", "")).strip()
    if not named and summary in people:
        yield {"name": summary, "email": people[summary]}


def _end(event: _Entry, zone: ZoneInfo) -> datetime | None:
    if event.get("DTEND") is not None:
        return _instant(event["DTEND"], zone)
    begin = event.get("DTSTART")
    if begin is None:
        return None
    if event.get("DURATION") is not None:
        length: timedelta = event["DURATION"].dt
        return _at(begin.dt, zone) + length
    # RFC 5545, 3.6.1: a date without an end is that day; an instant without one has no length.
    return (
        _at(begin.dt + timedelta(days=1), zone) if not isinstance(begin.dt, datetime) else _at(begin.dt, zone)
    )


def _instant(value: Any, zone: ZoneInfo) -> datetime | None:
    return None if value is None else _at(value.dt, zone)


def _at(value: date, zone: ZoneInfo) -> datetime:
    """A date is its first instant in the zone."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
