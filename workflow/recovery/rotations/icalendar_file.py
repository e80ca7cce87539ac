"""An iCalendar (RFC 5545) read as shifts: each event is one, its attendees are on duty.

Recurring events (RRULE, RDATE, EXDATE, RECURRENCE-ID) are expanded by `recurring_ical_events`, by the clocks
on the wall of the event's zone: a night that ends at six does so on the night of a change, too. Whether an
event says that its people are busy or free (TRANSP) is not looked at: who has duty may well be free.

The libraries are loaded with the first calendar: a start of the API does not wait for them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.errors import Problem
from state_machines.values.instants import as_utc, format_instant
from workflow.errors import MakegoodError
from workflow.recovery.rotations.attendance import attendance
from workflow.recovery.rotations.calendar_parts import occurrences
from workflow.recovery.rotations.calendar_text import CalendarText
from workflow.recovery.rotations.calendar_times import (
    Entry,
    ends_of,
    first_instant,
    later,
    listed,
    name_as_series,
    put_into_zones,
)
from workflow.recovery.rotations.calendar_zones import CalendarZones, without_zones

MOST_SHIFTS = 5_000
"""More than this many make every question to the rotation slow; a shorter span has fewer."""
_MOST_TIMES = 100_000
_PERIODS = {"SECONDLY": timedelta(seconds=1), "MINUTELY": timedelta(minutes=1), "HOURLY": timedelta(hours=1)}
_LONGEST = timedelta(days=36_600)
_MOST_SAID = 20
_CANCELLED = "CANCELLED"
_NUMBER = "X-MAKEGOOD-EVENT"
"""Put into each event, so that what it is expanded to is known by it."""
_ABOUT_A_DAY = timedelta(days=2)
"""The library takes a day to begin at midnight UTC; where the day really begins is looked at afterwards."""
_LEAST = timedelta(microseconds=1)
"""What has no length is looked at where it begins."""
_SAYS_WHEN = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})


class CalendarRefused(MakegoodError):
    """A calendar cannot be imported; `problems` says all that is wrong with it, and nothing was sent."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        more = len(problems) - _MOST_SAID
        lines = [str(problem) for problem in problems[:_MOST_SAID]] + (
            [f"and {more} more"] if more > 0 else []
        )
        super().__init__("\n  ".join(lines))


@dataclass(frozen=True, slots=True)
class CalendarShifts:
    """What a calendar says of a span.

    Attributes:
        shifts: the earliest first, as `rotation.set` takes them.
        left_out: a sentence for each event in which nobody is on duty, since all who were asked said no.
    """

    shifts: list[dict[str, Any]]
    left_out: list[str]


def shifts_of(
    text: bytes, begin: datetime, end: datetime, zone: ZoneInfo | None, people: Mapping[str, str]
) -> CalendarShifts:
    """The shifts of a calendar that touch a span.

    Args:
        text: the file; several calendars in it are read one after the other.
        begin, end: the span, UTC.
        zone: of whole days and of times that say none, where the calendar says none itself; None: it must.
        people: addresses by the names of those of whom the calendar has none.

    Raises:
        CalendarRefused: no calendar, or events that cannot be shifts, each with its field, rule and line.
    """
    where = CalendarText(text)
    problems: list[Problem] = []
    found: list[tuple[datetime, datetime, Entry]] = []
    for calendar, events in _calendars(text, where, problems):
        zones = CalendarZones(calendar, where, zone)
        for event in events:
            put_into_zones(event, zones)
        name_as_series(events, zones)
        problems += zones.problems
        if not problems:
            problems += [one for event in events for one in _wrong_length(event, zones, where)]
            problems += [one for event in events for one in _too_dense(event, end, zones, where)]
        if not problems:
            found += _expanded(calendar, zones, begin, end)
    shifts, left_out = _taken(found, people, where, problems)
    if len(shifts) > MOST_SHIFTS:
        problems.append(Problem("events", "too-many", f"are more than {MOST_SHIFTS} shifts; take fewer days"))
    if problems:
        raise CalendarRefused(problems)
    if not shifts:
        said = "; ".join(left_out) or "there is no event in the span that is asked for"
        raise CalendarRefused([Problem("events", "none", said)])
    return CalendarShifts(shifts, left_out)


def _calendars(
    text: bytes, where: CalendarText, problems: list[Problem]
) -> Iterator[tuple[Entry, list[Entry]]]:
    """Each calendar of the file with its events that can be read; what is wrong with the others is noted."""
    from icalendar import Calendar

    try:
        with warnings.catch_warnings():  # of zones that the library guesses, which are found anew here
            warnings.simplefilter("ignore")
            read = Calendar.from_ical(without_zones(text), multiple=True)
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # the library raises all of these
        problem = Problem("calendar", "icalendar", f"is no iCalendar that can be read: {error}")
        raise CalendarRefused([problem]) from error
    calendars = [one for one in read if one.name == "VCALENDAR"]
    if not calendars:
        raise CalendarRefused([Problem("calendar", "icalendar", "there is no VCALENDAR in the file")])
    number = -1
    for calendar in calendars:
        events = []
        for event in calendar.walk("VEVENT"):
            number += 1
            event[_NUMBER] = number
            wrong = list(_unreadable(event, where))
            problems += wrong
            if not wrong:
                events.append(event)
        yield calendar, events


def _unreadable(event: Entry, where: CalendarText) -> Iterator[Problem]:
    """What of an event's times cannot be read; the library passes over it, and it would be another event."""
    for name, message in event.errors:
        if str(name).upper() in _SAYS_WHEN:
            yield _problem(event, where, str(name).lower(), "icalendar", f"cannot be read: {message}")
    if event.get("DTSTART") is None:
        yield _problem(event, where, "dtstart", "required", "must say when it begins")
    if event.get("EXRULE") is not None:
        yield _problem(event, where, "exrule", "icalendar", "is no part of iCalendar any more; EXDATE is")


def _wrong_length(event: Entry, zones: CalendarZones, where: CalendarText) -> Iterator[Problem]:
    """What ends before it begins, where the library would swap both; and what never does, where it fails."""
    begin, end = ends_of(event, zones)
    length = as_utc(end) - as_utc(begin)
    if length < timedelta(0):
        yield _without_length(event, where, begin)
    elif length > _LONGEST:
        yield _problem(event, where, "dtend", "too-long", f"lasts more than {_LONGEST.days} days")


def _too_dense(event: Entry, end: datetime, zones: CalendarZones, where: CalendarText) -> Iterator[Problem]:
    """The library looks at every time of a series since it began, and for ever where no two differ."""
    begin = as_utc(first_instant(event["DTSTART"].dt, zones))
    for rule in listed(event.get("RRULE")):
        every = _PERIODS.get(str(rule.get("FREQ", [""])[0]).upper(), timedelta(days=1))
        interval = int(rule.get("INTERVAL", [1])[0])
        if interval < 1:
            yield _problem(event, where, "rrule", "icalendar", "INTERVAL must be 1 or more")
        elif (end - begin) / (every * interval) > _MOST_TIMES:
            message = (
                f"has more than {_MOST_TIMES} times from {begin.isoformat()} on; such a series is no duty"
            )
            yield _problem(event, where, "rrule", "too-many", message)


def _expanded(
    calendar: Entry, zones: CalendarZones, begin: datetime, end: datetime
) -> list[tuple[datetime, datetime, Entry]]:
    """(begin, end, event) of everything in a span that has not been cancelled."""
    if str(calendar.get("METHOD", "")).upper() == "CANCEL":
        return []
    lengths = {
        event[_NUMBER]: event["DURATION"].dt
        for event in calendar.walk("VEVENT")
        if event.get("DURATION") is not None and event.get("RDATE") is None
    }
    # It is in the times by now; the library would put it into those of UTC, too.
    calendar.pop("X-WR-TIMEZONE", None)
    try:
        near = occurrences(calendar, _NUMBER, begin - _ABOUT_A_DAY, end + _ABOUT_A_DAY)
        timed = ((*_span(one, lengths.get(one[_NUMBER]), zones), one) for one in near)
        inside = (
            one
            for one in timed
            if max(one[1], one[0] + _LEAST) > begin and one[0] < end and not _is_cancelled(one[2])
        )
        # One more than can be kept says that there are too many; a series without end has no last one.
        return list(islice(inside, MOST_SHIFTS + 1))
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # the libraries raise all of these
        problem = Problem("calendar", "icalendar", f"is no iCalendar that can be read: {error}")
        raise CalendarRefused([problem]) from error


def _span(event: Entry, length: timedelta | None, zones: CalendarZones) -> tuple[datetime, datetime]:
    begin, end = ends_of(event, zones)
    if length is not None and isinstance(event["DTSTART"].dt, datetime):
        end = later(begin, length)  # the library adds hours on the wall
    return as_utc(begin), as_utc(end)


def _is_cancelled(event: Entry) -> bool:
    return str(event.get("STATUS", "")).upper() == _CANCELLED


def _taken(
    found: list[tuple[datetime, datetime, Entry]],
    people: Mapping[str, str],
    where: CalendarText,
    problems: list[Problem],
) -> tuple[list[dict[str, Any]], list[str]]:
    """The shifts, and a sentence of each that all declined.

    An event that has no length, or names nobody, is a problem, once.
    """
    shifts: list[dict[str, Any]] = []
    left_out: list[str] = []
    wrong: set[int] = set()
    for begin, end, event in sorted(found, key=lambda one: (one[0], str(one[2].get("UID", "")))):
        at = format_instant(begin)
        who = attendance(event, people)
        if end <= begin:
            if event[_NUMBER] not in wrong:
                wrong.add(event[_NUMBER])
                problems.append(_without_length(event, where, begin))
        elif who.people:
            shifts.append({"from": at, "to": format_instant(end), "people": who.people})
        elif who.declined:
            left_out.append(
                f"nobody is on duty from {at} to {format_instant(end)}: {', '.join(who.declined)} declined"
            )
        elif event[_NUMBER] not in wrong:
            wrong.add(event[_NUMBER])
            summary = str(event.get("SUMMARY", ""))
            hint = f"no attendee is a person with a mail address, and no address was given for {summary!r}"
            problems.append(_problem(event, where, "attendee", "no-person", f"at {at} {hint}"))
    return shifts, left_out


def _without_length(event: Entry, where: CalendarText, begin: datetime) -> Problem:
    return _problem(event, where, "dtend", "order", f"ends at or before it begins, at {begin.isoformat()}")


def _problem(event: Entry, where: CalendarText, name: str, rule: str, message: str) -> Problem:
    number = event[_NUMBER]
    lines = where.lines_of_events()
    return Problem(f"events[{number}].{name}", rule, message, lines[number] if number < len(lines) else None)
