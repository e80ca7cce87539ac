# ruff: noqa: E501  (lines as programs write them)
"""Calendars in the forms in which programs write them: who is on duty when, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from state_machines.values.instants import parse_instant
from tests.workflow.test_rotation_import import calendar, event
from workflow.recovery.rotations.duty import on_duty
from workflow.recovery.rotations.icalendar_file import CalendarRefused, CalendarShifts, shifts_of

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
DAY = ("DTSTART:20260310T080000Z", "DTEND:20260310T160000Z")
"""Nine to five in Berlin."""

GOOGLE = """\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:On call
X-WR-TIMEZONE:America/New_York
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260309
DTEND;VALUE=DATE:20260310
RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260330
DTSTAMP:20260201T000000Z
ORGANIZER;CN=On call:mailto:c_0a1b@group.calendar.google.com
UID:week@google.com
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=ada@sho
 p.example;X-NUM-GUESTS=0:mailto:ada@shop.example
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DECLINED;CN=ben@shop.example;X-NUM-GUESTS=0:mailto:ben@shop.example
ATTENDEE;CUTYPE=RESOURCE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Room 2;X-NUM-GUESTS=0:mailto:c_1b@resource.calendar.google.com
STATUS:CONFIRMED
SUMMARY:On call
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260317
DTEND;VALUE=DATE:20260318
DTSTAMP:20260201T000000Z
UID:week@google.com
RECURRENCE-ID;VALUE=DATE:20260316
ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;CN=Cleo:mailto:cleo@shop.example
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260323
DTEND;VALUE=DATE:20260324
DTSTAMP:20260201T000000Z
UID:week@google.com
RECURRENCE-ID;VALUE=DATE:20260323
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
"""

OUTLOOK = """\
BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;CN="Stern, Ada";RSVP=TRUE:mailto:ada@shop.example
ATTENDEE;CN=Ben;ROLE=OPT-PARTICIPANT;RSVP=TRUE:MAILTO:ben@shop.example
ATTENDEE;CN=Head;ROLE=NON-PARTICIPANT:mailto:head@shop.example
ATTENDEE;CN="Service desk";CUTYPE=GROUP:mailto:desk@shop.example
CLASS:PUBLIC
DTSTART;TZID="Customized Time Zone":20260320T220000
DTEND;TZID="Customized Time Zone":20260321T060000
DTSTAMP:20260201T000000Z
RRULE:FREQ=WEEKLY;UNTIL=20260417T200000Z;BYDAY=FR
EXDATE;TZID="Customized Time Zone":20260403T220000
SUMMARY:Night
TRANSP:OPAQUE
UID:040000008200E00074C5B7101A82E008
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
END:VCALENDAR
"""

EXCHANGE = """\
BEGIN:VCALENDAR
METHOD:PUBLISH
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
X-WR-CALNAME:Calendar
BEGIN:VEVENT
ORGANIZER;CN=Head:mailto:head@shop.example
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@shop.example";CN=Ada:mailto:ada@shop.example
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=TENTATIVE;DELEGATED-FROM="mailto:ada@shop.example";CN=Ben:mailto:ben@shop.example
DTSTART;TZID=W. Europe Standard Time:20260330T090000
DTEND;TZID=Eastern Standard Time:20260330T090000
DTSTAMP:20260201T000000Z
SUMMARY:Hand-over across the ocean
UID:exchange
END:VEVENT
END:VCALENDAR
"""

APPLE = """\
BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 15.3//EN
VERSION:2.0
X-APPLE-CALENDAR-COLOR:#1BADF8
X-WR-TIMEZONE:Europe/Berlin
BEGIN:VEVENT
ATTENDEE;CN=Ada;CUTYPE=INDIVIDUAL;EMAIL=ada@shop.example;PARTSTAT=ACCEPTED;ROLE=CHAIR:/aMTYz/principal/
ATTENDEE;CN=Room;CUTYPE=ROOM;EMAIL=room@shop.example;PARTSTAT=ACCEPTED:mailto:room@shop.example
DTSTART:20260328T200000
DURATION:PT12H
DTSTAMP:20260201T000000Z
SUMMARY:Night of the change
UID:8D7D
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
BEGIN:VALARM
ACTION:NONE
TRIGGER;VALUE=DATE-TIME:19760401T005545Z
END:VALARM
END:VEVENT
END:VCALENDAR
"""

NEXTCLOUD = """\
BEGIN:VCALENDAR
PRODID:-//IDN nextcloud.com//Calendar app 5.0//EN
CALSCALE:GREGORIAN
VERSION:2.0
BEGIN:VTIMEZONE
TZID:Duty
X-LIC-LOCATION:Europe/Berlin
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20260201T000000Z
DTSTAMP:20260201T000000Z
SEQUENCE:2
UID:nc
DTSTART;TZID=Duty:20260330T090000
DTEND;TZID=/citadel.org/20210210_1/Europe/Berlin:20260330T170000
STATUS:TENTATIVE
SUMMARY:Duty
ATTENDEE;CN=Ada;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE;LANGUAGE=en:mailto:ada%40shop.example
END:VEVENT
END:VCALENDAR
"""

PAGERDUTY = """\
BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME:On Call Schedule for Ada
PRODID:-//PagerDuty//NONSGML On Call//EN
BEGIN:VEVENT
DTSTART;VALUE=DATE-TIME:20260309T130000Z
DTEND;VALUE=DATE-TIME:20260316T130000Z
DTSTAMP;VALUE=DATE-TIME:20260201T000000Z
ATTENDEE:ada@shop.example
URL:https://shop.pagerduty.com/schedules#PX
UID:Q1@pagerduty.com
SUMMARY:On Call - Support
END:VEVENT
END:VCALENDAR
"""

OPSGENIE = """\
BEGIN:VCALENDAR
PRODID:-//OpsGenie//OnCall//EN
VERSION:2.0
X-WR-CALNAME:Support_schedule
BEGIN:VEVENT
DTSTAMP:20260201T000000Z
DTSTART:20260309T080000Z
DTEND:20260310T080000Z
SUMMARY:ada@shop.example
UID:og-1
END:VEVENT
END:VCALENDAR
"""


def read(text: str | bytes, zone: ZoneInfo | None = None, days: int = 90, **people: str) -> CalendarShifts:
    """What a calendar says of the days from the first of March on."""
    raw = text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode()
    return shifts_of(raw, BEGIN, BEGIN + timedelta(days=days), zone, people)


def spans(taken: CalendarShifts) -> list[tuple[str, str, list[str]]]:
    """(from, to, names of addresses) of each shift."""
    return [
        (one["from"], one["to"], [who["email"].split("@")[0] for who in one["people"]])
        for one in taken.shifts
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOGLE, [
            ("2026-03-09T04:00:00Z", "2026-03-10T04:00:00Z", ["ada"]),  # days of the calendar's own zone
            ("2026-03-17T04:00:00Z", "2026-03-18T04:00:00Z", ["cleo"]),  # moved by a day, and to her
            ("2026-03-30T04:00:00Z", "2026-03-31T04:00:00Z", ["ada"]),  # up to and with the last day
        ]),
        (OUTLOOK, [
            ("2026-03-20T21:00:00Z", "2026-03-21T05:00:00Z", ["ada", "ben"]),
            ("2026-03-27T21:00:00Z", "2026-03-28T05:00:00Z", ["ada", "ben"]),
            ("2026-04-10T20:00:00Z", "2026-04-11T04:00:00Z", ["ada", "ben"]),  # the third is taken out
            ("2026-04-17T20:00:00Z", "2026-04-18T04:00:00Z", ["ada", "ben"]),
        ]),
        (EXCHANGE, [("2026-03-30T07:00:00Z", "2026-03-30T13:00:00Z", ["ben"])]),
        (APPLE, [("2026-03-28T19:00:00Z", "2026-03-29T07:00:00Z", ["ada"])]),  # twelve hours are twelve hours
        (NEXTCLOUD, [("2026-03-30T07:00:00Z", "2026-03-30T15:00:00Z", ["ada"])]),
        (PAGERDUTY, [("2026-03-09T13:00:00Z", "2026-03-16T13:00:00Z", ["ada"])]),
        (OPSGENIE, [("2026-03-09T08:00:00Z", "2026-03-10T08:00:00Z", ["ada"])]),
        (PAGERDUTY + OPSGENIE, [
            ("2026-03-09T08:00:00Z", "2026-03-10T08:00:00Z", ["ada"]),
            ("2026-03-09T13:00:00Z", "2026-03-16T13:00:00Z", ["ada"]),
        ]),
    ],
    ids=["google", "outlook", "exchange", "apple", "nextcloud", "pagerduty", "opsgenie", "two files in one"],
)  # fmt: skip
def test_what_programs_write_is_read_as_they_mean_it(
    text: str, expected: list[tuple[str, str, list[str]]]
) -> None:
    for zone in (None, ZoneInfo("Asia/Tokyo")):  # whatever is named besides, the calendar says its own
        assert spans(read(text, zone)) == expected


@pytest.mark.parametrize(
    ("attendees", "who"),
    [
        (["ATTENDEE:mailto:ada@shop.example"], ["ada"]),
        (["ATTENDEE;PARTSTAT=TENTATIVE:mailto:ada@shop.example"], ["ada"]),
        (["ATTENDEE;PARTSTAT=X-PERHAPS:mailto:ada@shop.example"], ["ada"]),
        (["ATTENDEE;PARTSTAT=declined:mailto:ben@shop.example", "ATTENDEE:mailto:ada@shop.example"], ["ada"]),
        (["ATTENDEE;CUTYPE=room:mailto:room@shop.example", "SUMMARY:Ada"], ["ada"]),
        (["ATTENDEE;ROLE=NON-PARTICIPANT:mailto:head@shop.example", "SUMMARY:Ada"], ["ada"]),
        (["ORGANIZER:mailto:head@shop.example", "SUMMARY:Ada"], ["ada"]),
        (["ATTENDEE;CN=Ada:invalid:nomail"], ["ada"]),
        # Delegated: to somebody who is not asked, who has said no, who has passed it on again, and in a circle.
        (['ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@shop.example":mailto:ada@shop.example'], ["ben"]),
        (['ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@shop.example":mailto:ada@shop.example',
          "ATTENDEE;PARTSTAT=DECLINED:mailto:Ben@shop.example", "ATTENDEE:mailto:cleo@shop.example"], ["cleo"]),
        (['ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@shop.example":mailto:ada@shop.example',
          'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:cleo@shop.example","mailto:dora@shop.example":mailto:ben@shop.example'],
         ["cleo", "dora"]),
    ],
)  # fmt: skip
def test_whoever_was_asked_and_has_not_said_no_is_on_duty(attendees: list[str], who: list[str]) -> None:
    assert [one[2] for one in spans(read(calendar(event(*DAY, *attendees)), Ada="ada@shop.example"))] == [who]


@pytest.mark.parametrize("answers", [
    ["ATTENDEE;CN=Ada;PARTSTAT=DECLINED:mailto:ada@shop.example"],
    ["ATTENDEE;CN=Ada;PARTSTAT=DELEGATED:mailto:ada@shop.example"],
    ['ATTENDEE;CN=Ada;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ada@shop.example":mailto:ada@shop.example'],
])  # fmt: skip
def test_a_duty_that_all_declined_has_nobody_and_that_is_said(answers: list[str]) -> None:
    other = event("DTSTART:20260312T080000Z", "DTEND:20260312T160000Z", "ATTENDEE:mailto:ben@shop.example")
    mine = event(*DAY, *answers, "SUMMARY:Ada").replace("UID:x", "UID:y")
    taken = read(calendar(mine, other), Ada="ada@shop.example")
    assert [one[2] for one in spans(taken)] == [["ben"]]
    assert taken.left_out == [
        "nobody is on duty from 2026-03-10T08:00:00Z to 2026-03-10T16:00:00Z: Ada declined"
    ]
    with pytest.raises(CalendarRefused, match="Ada declined"):
        read(calendar(event(*DAY, *answers)))


def test_what_is_cancelled_as_a_whole_has_nobody() -> None:
    with pytest.raises(CalendarRefused, match="no event in the span"):
        read(PAGERDUTY.replace("VERSION:2.0\n", "VERSION:2.0\nMETHOD:CANCEL\n", 1))


def test_a_day_belongs_to_the_span_by_where_it_really_begins_and_ends() -> None:
    days = calendar(
        event("DTSTART;VALUE=DATE:20260228", "RRULE:FREQ=DAILY", "ATTENDEE:mailto:ada@shop.example")
    )
    far = ZoneInfo("Pacific/Auckland")  # the first of March there begins thirteen hours before it does in UTC
    begin = [one[0] for one in spans(read(days, far, days=1))]
    assert begin == ["2026-02-28T11:00:00Z", "2026-03-01T11:00:00Z"]


def test_a_series_of_times_that_ends_on_a_day_has_the_whole_of_that_day() -> None:
    text = calendar(event("DTSTART;TZID=America/New_York:20260309T200000", "DURATION:PT1H",
                          "RRULE:FREQ=DAILY;UNTIL=20260311", "ATTENDEE:mailto:ada@shop.example"))  # fmt: skip
    assert [one[0] for one in spans(read(text))] == [
        "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z", "2026-03-12T00:00:00Z"
    ]  # fmt: skip


def test_files_that_call_different_zones_alike_are_not_mixed_up() -> None:
    east = OUTLOOK.replace("+0200", "-0400").replace("+0100", "-0500")
    for text, first in ((OUTLOOK, "2026-03-20T21:00:00Z"), (east, "2026-03-21T03:00:00Z")):
        assert spans(read(text))[0][0] == first


def test_a_short_name_is_the_zone_that_the_file_itself_describes() -> None:
    described = (
        OUTLOOK.replace("Customized Time Zone", "EST").replace("+0200", "-0400").replace("+0100", "-0500")
    )
    assert spans(read(described))[2][0] == "2026-04-11T02:00:00Z"  # an hour earlier than without summer time
    bare = calendar(event("DTSTART;TZID=EST:20260320T220000", "DURATION:PT8H", "SUMMARY:ada@shop.example"))
    assert spans(read(bare))[0][0] == "2026-03-21T03:00:00Z"  # as the database has it


@pytest.mark.parametrize(
    ("series", "stands_in", "left_out"),
    [
        ("DTSTART;TZID=Europe/Berlin:20260310T200000", ";VALUE=DATE:20260311", ";VALUE=DATE:20260312"),
        ("DTSTART;TZID=Europe/Berlin:20260310T200000", ":20260311T190000Z", ":20260312T190000Z"),
        ("DTSTART;VALUE=DATE:20260310", ":20260310T230000Z", ":20260311T230000Z"),
        ("DTSTART;VALUE=DATE:20260310", ";TZID=Europe/Berlin:20260311T000000", ";TZID=Europe/Berlin:20260312T000000"),
    ],
)  # fmt: skip
def test_one_of_a_series_is_found_by_its_day_or_its_time_however_it_is_named(
    series: str, stands_in: str, left_out: str
) -> None:
    text = calendar(
        "X-WR-TIMEZONE:Europe/Berlin\n",
        event(
            series,
            "RRULE:FREQ=DAILY;COUNT=4",
            f"EXDATE{left_out}",
            "DURATION:P1D",
            "SUMMARY:ada@shop.example",
        ),
        event(
            f"RECURRENCE-ID{stands_in}",
            "DTSTART:20260311T190000Z",
            "DURATION:PT4H",
            "SUMMARY:lee@shop.example",
        ),
    )
    assert [one[2] for one in spans(read(text))] == [["ada"], ["lee"], ["ada"]]


def test_a_line_that_is_folded_within_a_letter_is_one_line() -> None:
    text = calendar(event(*DAY, "ATTENDEE;CN=J\u00fcrgen:mailto:j@shop.example"))
    (shift,) = read(text.replace(b"\xc3\xbc", b"\xc3\r\n \xbc")).shifts
    assert shift["people"] == [{"name": "J\u00fcrgen", "email": "j@shop.example"}]


def test_what_has_no_length_is_nobody_s_fault_outside_of_the_span() -> None:
    reminder = event("DTSTART:20140310T080000Z", "DTEND:20140310T080000Z", "SUMMARY:Pay the rent")
    duty = event(*DAY, "SUMMARY:ada@shop.example").replace("UID:x", "UID:y")
    assert len(read(calendar(reminder, duty)).shifts) == 1
    with pytest.raises(CalendarRefused, match="order"):
        read(calendar(reminder.replace("20140310", "20260311"), duty))


@pytest.mark.parametrize(
    ("text", "field", "rule", "line"),
    [
        (calendar(event("DTSTART;TZID=Our Office:20260310T090000", "DTEND:20260310T160000Z",
                        "ATTENDEE:mailto:ada@shop.example")), "TZID", "unknown-zone", 7),
        (calendar(event("DTSTART;TZID=Europe/Berlin:20260310T090000", "DURATION:PT8H",
                        "EXDATE;TZID=Mars/Base:20260310T090000", "RRULE:FREQ=DAILY",
                        "ATTENDEE:mailto:ada@shop.example")), "TZID", "unknown-zone", 9),
        (calendar("X-WR-TIMEZONE:Middle/Earth\n", event("DTSTART;VALUE=DATE:20260310", "SUMMARY:a@b.example")),
         "X-WR-TIMEZONE", "unknown-zone", 4),
        (calendar(event("DTSTART;VALUE=DATE:20260310", "SUMMARY:a@b.example")), "zone", "required", None),
        (calendar(event("DTSTART:20260310T080000", "DURATION:PT1H", "SUMMARY:a@b.example")),
         "zone", "required", None),
        (calendar(event("DTSTART:2026031OT080000Z", "DURATION:PT1H", "SUMMARY:a@b.example")),
         "events[0].dtstart", "icalendar", 4),
        (calendar(event(*DAY, "SUMMARY:a@b.example"), event(*DAY, "RRULE:FREQ=OFTEN", "SUMMARY:a@b.example")),
         "events[1].rrule", "icalendar", 11),
        (calendar(event("SUMMARY:a@b.example")), "events[0].dtstart", "required", 4),
        (calendar(event("DTSTART:20260310T160000Z", "DTEND:20260310T080000Z", "SUMMARY:a@b.example")),
         "events[0].dtend", "order", 4),
        (calendar(event(*DAY, "RRULE:FREQ=DAILY", "ATTENDEE;CUTYPE=ROOM:mailto:r@shop.example")),
         "events[0].attendee", "no-person", 4),
        (calendar(event(*DAY, "RRULE:FREQ=DAILY;INTERVAL=0", "SUMMARY:a@b.example")),
         "events[0].rrule", "icalendar", 4),
        (calendar(event(*DAY, "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "SUMMARY:a@b.example")),
         "events[0].rrule", "too-many", 4),
        (calendar(event(*DAY, "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY;BYDAY=TU", "SUMMARY:a@b.example")),
         "events[0].exrule", "icalendar", 4),
        (calendar(event("DTSTART:20260310T080000Z", "DTEND:99991231T235959Z", "SUMMARY:a@b.example")),
         "events[0].dtend", "too-long", 4),
    ],
)  # fmt: skip
def test_what_would_be_guessed_is_refused_with_its_line(
    text: bytes, field: str, rule: str, line: int | None
) -> None:
    with pytest.raises(CalendarRefused) as refused:
        read(text)
    (problem,) = refused.value.problems
    assert (problem.field, problem.rule, problem.line) == (field, rule, line)


def test_whom_the_calendar_has_is_on_duty_by_the_rotation() -> None:
    rotation = {"shifts": read(OUTLOOK).shifts}
    assert [one["name"] for one in on_duty(rotation, parse_instant("2026-03-28T04:59:59Z"))] == [
        "Stern, Ada", "Ben"
    ]  # fmt: skip
