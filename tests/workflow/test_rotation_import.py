"""An iCalendar becomes the shifts of a rotation, or is refused with field and rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from state_machines.values.instants import parse_instant
from workflow.recovery.rotations import icalendar_file
from workflow.recovery.rotations.duty import on_duty, rotation_fault
from workflow.recovery.rotations.icalendar_file import CalendarRefused, shifts_of

BEGIN = datetime(2026, 3, 20, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = """\
BEGIN:VEVENT
UID:ada@shop.example
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260105T090000
DTEND;TZID=Europe/Berlin:20260112T090000
RRULE:FREQ=WEEKLY;INTERVAL=2
EXDATE;TZID=Europe/Berlin:20260427T090000
SUMMARY:On call
ATTENDEE;CN=Ada:mailto:ada@shop.example
END:VEVENT
BEGIN:VEVENT
UID:ben@shop.example
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260112T090000
DURATION:P7D
RRULE:FREQ=WEEKLY;INTERVAL=2
SUMMARY:On call
ATTENDEE;CN=Ben:MAILTO:ben@shop.example
END:VEVENT
"""


def calendar(*events: str) -> bytes:
    """A calendar with these events."""
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//EN\n" + "".join(events) + "END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def event(*lines: str) -> str:
    """One event of these properties."""
    return "\n".join(
        ["BEGIN:VEVENT", "UID:x@shop.example", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""]
    )


def taken(text: bytes, days: int = 60, **people: str) -> list[dict[str, object]]:
    """The shifts of so many days from the twentieth of March on."""
    return shifts_of(text, BEGIN, BEGIN + timedelta(days=days), BERLIN, people).shifts


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-03-23T07:59:59Z", "Ada"),  # nine o'clock in Berlin, before the clocks go forward
        ("2026-03-23T08:00:00Z", "Ben"),
        ("2026-03-30T06:59:59Z", "Ben"),  # and after
        ("2026-03-30T07:00:00Z", "Ada"),
        ("2026-04-28T12:00:00Z", None),  # her week that was taken out
    ],
)
def test_weeks_in_turn_are_handed_over_at_nine_on_both_sides_of_a_change(at: str, who: str | None) -> None:
    rotation = {"shifts": taken(calendar(WEEKLY))}
    assert rotation_fault(rotation) == ""
    assert [one["name"] for one in on_duty(rotation, parse_instant(at))] == ([who] if who else [])


def test_a_whole_day_and_a_floating_time_are_those_of_the_zone_that_is_named() -> None:
    text = calendar(
        event("DTSTART;VALUE=DATE:20260329", "SUMMARY:Ada"),
        event("DTSTART:20260330T090000", "DTEND:20260330T170000", "SUMMARY:Ada").replace("UID:x", "UID:y"),
    )
    assert [(shift["from"], shift["to"]) for shift in taken(text, Ada="ada@shop.example")] == [
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),  # a day of 23 hours
        ("2026-03-30T07:00:00Z", "2026-03-30T15:00:00Z"),
    ]


def test_who_swapped_one_week_is_on_duty_in_it() -> None:
    swap = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260323T090000",
        "DTSTART;TZID=Europe/Berlin:20260323T090000", "DTEND;TZID=Europe/Berlin:20260330T090000",
        "ATTENDEE;CN=Cleo:mailto:cleo@shop.example",
    ).replace("UID:x", "UID:ben")  # fmt: skip
    cancelled = event("DTSTART:20260324T000000Z", "DTEND:20260325T000000Z", "STATUS:CANCELLED")
    rotation = {"shifts": taken(calendar(WEEKLY, swap, cancelled))}
    assert [one["name"] for one in on_duty(rotation, parse_instant("2026-03-24T12:00:00Z"))] == ["Cleo"]


@pytest.mark.parametrize(
    ("text", "field", "rule"),
    [
        (b"not a calendar", "calendar", "icalendar"),
        (calendar(), "events", "none"),
        (calendar(event("DTSTART:20260324T000000Z", "DTEND:20260325T000000Z", "SUMMARY:Ada")),
         "events[0].attendee", "no-person"),
        (calendar(event("DTSTART:20260324T000000Z", "ATTENDEE:mailto:a@b.example")),
         "events[0].dtend", "order"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_over_is_refused_with_its_field_and_rule(
    text: bytes, field: str, rule: str
) -> None:
    with pytest.raises(CalendarRefused) as refused:
        taken(text, days=10)
    assert (refused.value.problems[0].field, refused.value.problems[0].rule) == (field, rule)


def test_a_series_of_more_shifts_than_can_be_kept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icalendar_file, "MOST_SHIFTS", 20)
    endless = event(
        "DTSTART:20260101T000000Z", "DTEND:20260101T010000Z", "RRULE:FREQ=HOURLY",
        "ATTENDEE:mailto:ada@shop.example",
    )  # fmt: skip
    assert len(taken(calendar(endless.replace("HOURLY", "DAILY")), days=20)) == 20
    with pytest.raises(CalendarRefused, match="too-many"):
        taken(calendar(endless))
