"""Zones that a calendar names by what it shows to people, as published calendars of Outlook do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.workflow.test_rotation_import import calendar, event, taken
from workflow.recovery.rotations.icalendar_file import CalendarRefused
from workflow.recovery.rotations.shown_zones import shown_zone

JULY, JANUARY = datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "january", "july"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", 1, 2),
        ("(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb", 1, 2),
        ("(GMT+01:00) Brussels, Copenhagen, Madrid, Paris", 1, 2),
        ("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", 0, 1),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", 5.5, 5.5),
        ("(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", 8, 8),
        ("(UTC+10:00) Canberra, Melbourne, Sydney", 11, 10),
        ("(UTC-05:00) Eastern Time (US & Canada)", -5, -4),
        ("(UTC-07:00) Arizona", -7, -7),
        ("(UTC) Coordinated Universal Time", 0, 0),
        ("tzone://Microsoft/Utc", 0, 0),
        ("GMT+0100", 1, 1),
        ("UTC-03:30", -3.5, -3.5),
    ],
)
def test_an_offset_and_its_places_are_a_zone(name: str, january: float, july: float) -> None:
    zone = shown_zone(name)
    assert zone is not None
    found = [at.astimezone(zone).utcoffset() for at in (JANUARY, JULY)]
    assert found == [timedelta(hours=january), timedelta(hours=july)]


@pytest.mark.parametrize(
    "name",
    [
        "(UTC+02:00) Amsterdam, Berlin",  # not theirs in winter
        "(UTC+01:00) Nowhere, Elsewhere",
        "(UTC-05:00) Amsterdam",
        "(UTC+06:00) Beijing",
        "(UTC) Berlin",
        "GMT+1",
        "UTC+9900",
        "tzone://Microsoft/Custom",
        "Z",
    ],
)
def test_what_may_be_another_zone_is_none(name: str) -> None:
    assert shown_zone(name) is None


def test_a_shift_of_such_a_zone_is_taken_over_and_another_refused_by_its_name() -> None:
    lines = (
        "DTSTART;TZID={0}:20260402T090000",
        "DTEND;TZID={0}:20260402T170000",
        "ATTENDEE:mailto:a@b.example",
    )
    berlin = '"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"'
    (shift,) = taken(calendar(event(*(one.format(berlin) for one in lines))))
    assert shift["from"] == "2026-04-02T07:00:00Z"
    with pytest.raises(CalendarRefused, match=r"GMT\+1.*unknown-zone"):
        taken(calendar(event(*(one.format("GMT+1") for one in lines))))
