"""A calendar is expanded part after part, and nothing is told twice or left out where two parts meet."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from icalendar import Calendar
from recurring_ical_events import CalendarQuery

from workflow.recovery.rotations.calendar_parts import occurrences

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def calendar(*series: tuple[datetime, timedelta, str]) -> Calendar:
    """One whose events have numbers, each with its first begin, its length and its rule."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:tests"]
    for number, (begin, length, rule) in enumerate(series):
        lines += [
            "BEGIN:VEVENT", f"UID:{number}", "DTSTAMP:20260101T000000Z", f"X-N:{number}",
            f"DTSTART:{begin:%Y%m%dT%H%M%SZ}", f"DTEND:{begin + length:%Y%m%dT%H%M%SZ}", f"RRULE:{rule}",
            "END:VEVENT",
        ]  # fmt: skip
    return Calendar.from_ical("\r\n".join([*lines, "END:VCALENDAR", ""]))


def told(one: Calendar, days: int) -> list[tuple[str, datetime]]:
    """The number and the begin of each occurrence in so many days."""
    found = occurrences(one, "X-N", BEGIN, BEGIN + timedelta(days=days))
    return [(str(event["X-N"]), event["DTSTART"].dt) for event in found]


def test_each_is_told_once_however_many_parts_it_touches() -> None:
    nights, weeks = BEGIN + timedelta(hours=20), BEGIN - timedelta(days=3)
    read = calendar(
        (nights, timedelta(hours=10), "FREQ=DAILY"), (weeks, timedelta(days=40), "FREQ=YEARLY;COUNT=1")
    )
    days = [("0", nights + timedelta(days=number)) for number in range(400)]
    assert Counter(told(read, 400)) == Counter([*days, ("1", weeks)])


def test_a_year_takes_few_goes_through_its_series(monkeypatch: pytest.MonkeyPatch) -> None:
    goes = []
    between = CalendarQuery.between

    def counted(query: CalendarQuery, *span: datetime) -> object:
        goes.append(span)
        return between(query, *span)

    monkeypatch.setattr(CalendarQuery, "between", counted)
    assert len(told(calendar((BEGIN, timedelta(hours=10), "FREQ=DAILY")), 365)) >= 365
    assert len(goes) < 20


def test_who_has_seen_enough_does_not_wait_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    between = CalendarQuery.between

    def counted(query: CalendarQuery, *span: datetime) -> list[object]:
        found: list[object] = between(query, *span)
        made.append(len(found))
        return found

    monkeypatch.setattr(CalendarQuery, "between", counted)
    read = calendar((BEGIN, timedelta(minutes=1), "FREQ=MINUTELY"))
    assert len(list(islice(occurrences(read, "X-N", BEGIN, BEGIN + timedelta(days=60)), 5_000))) == 5_000
    assert sum(made) < 2 * 5_000, "60 days have 86,400"
