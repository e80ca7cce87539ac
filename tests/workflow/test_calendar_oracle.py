"""Who is on duty by an imported calendar is who is there by looking at every quarter of an hour of it.

The oracle knows nothing of the library that expands series: it counts days on the wall of a zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.short_run import examples
from tests.workflow.test_rotation_import import calendar
from workflow.recovery.rotations.duty import on_duty
from workflow.recovery.rotations.icalendar_file import CalendarRefused, shifts_of

BEGIN = datetime(2026, 3, 20, tzinfo=UTC)
DAYS = 16
"""The clocks go forward in Berlin in the middle of it, and on Lord Howe they go back by half an hour."""
QUARTER = timedelta(minutes=15)
OWN_ZONE = """\
BEGIN:VTIMEZONE
TZID:Our wall
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
ZONES = {
    "": "Asia/Kolkata",  # a floating time: that of the calendar
    "Z": "UTC",
    "Europe/Berlin": "Europe/Berlin",
    "Our wall": "Europe/Berlin",
    "Lord Howe Standard Time": "Australia/Lord_Howe",
    "/a.example/1/America/St_Johns": "America/St_Johns",
}
ON_DUTY = ("ACCEPTED", "TENTATIVE", "NEEDS-ACTION")


@dataclass
class Series:
    """What one event of the calendar says, as the one who wrote it would tell it."""

    who: str
    zone: str
    day: int
    minute: int
    length: int
    every: int
    times: int
    whole_days: bool
    answer: str
    left_out: frozenset[int] = field(default_factory=frozenset)
    moved: dict[int, int] = field(default_factory=dict)
    cancelled: frozenset[int] = field(default_factory=frozenset)

    def start(self, number: int) -> datetime:
        """When one of them begins, on the wall."""
        clock = timedelta(0) if self.whole_days else timedelta(minutes=self.minute)
        return datetime(2026, 3, 18) + timedelta(days=self.day + number * self.every) + clock  # noqa: DTZ001

    def end_of(self, start: datetime) -> datetime:
        """When it ends, on the wall."""
        return start + (timedelta(days=1) if self.whole_days else timedelta(minutes=self.length))

    def is_on(self, instant: datetime) -> bool:
        """Whether some one of them covers an instant."""
        where = ZoneInfo("Asia/Kolkata" if self.whole_days else ZONES[self.zone])
        for number in set(range(self.times)) - self.left_out - self.cancelled:
            start = self.start(number) + timedelta(hours=self.moved.get(number, 0))
            if (
                start.replace(tzinfo=where).astimezone(UTC)
                <= instant
                < self.end_of(start).replace(tzinfo=where).astimezone(UTC)
            ):
                return True
        return False

    def written(self) -> str:
        """As a calendar has it."""
        rule = f"RRULE:FREQ=DAILY;INTERVAL={self.every};COUNT={self.times}"
        parts = [
            self._event(self.start(0), rule, *(self._at("EXDATE", self.start(one)) for one in self.left_out))
        ]
        for number in sorted((set(self.moved) | self.cancelled) - self.left_out):
            start = self.start(number) + timedelta(hours=self.moved.get(number, 0))
            state = ["STATUS:CANCELLED"] if number in self.cancelled else []
            parts.append(self._event(start, self._at("RECURRENCE-ID", self.start(number)), *state))
        return "".join(parts)

    def _event(self, start: datetime, *more: str) -> str:
        address = f"ATTENDEE;PARTSTAT={self.answer}:mailto:{self.who}@shop.example"
        lines = [self._at("DTSTART", start), self._at("DTEND", self.end_of(start)), address, *more]
        return "\n".join(
            ["BEGIN:VEVENT", f"UID:{self.who}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""]
        )

    def _at(self, name: str, wall: datetime) -> str:
        if self.whole_days:
            return f"{name};VALUE=DATE:{wall:%Y%m%d}"
        zone = f";TZID={self.zone}" if self.zone not in ("", "Z") else ""
        return f"{name}{zone}:{wall:%Y%m%dT%H%M%S}{'Z' if self.zone == 'Z' else ''}"


def some_of(whole_days: bool) -> st.SearchStrategy[dict[int, int]]:
    """Some of a series, moved by hours; whole days by days."""
    return st.dictionaries(
        st.integers(0, 5), st.sampled_from([-24, 24] if whole_days else [-3, 2, 7]), max_size=2
    )


@st.composite
def calendars(draw: st.DrawFn) -> list[Series]:
    """One to three series, each of somebody else."""
    told = []
    for who in draw(st.sampled_from([["ada"], ["ada", "ben"], ["ada", "ben", "cleo"]])):
        whole_days = draw(st.booleans())
        one = Series(
            who,
            draw(st.sampled_from(sorted(ZONES))),
            draw(st.integers(0, 10)),
            # Not within a change of the clocks: which of two hours is meant is another question.
            draw(st.sampled_from([0, 15, 8 * 60, 9 * 60 + 45, 16 * 60, 20 * 60 + 30])),
            draw(st.sampled_from([15, 60, 150, 12 * 60, 24 * 60, 40 * 60])),
            draw(st.integers(1, 4)),
            draw(st.integers(1, 6)),
            whole_days,
            draw(st.sampled_from([*ON_DUTY, "DECLINED"])),
            draw(st.frozensets(st.integers(0, 5), max_size=2)),
            draw(some_of(whole_days)),
            draw(st.frozensets(st.integers(0, 5), max_size=1)),
        )
        known = set(range(one.times))
        one.left_out &= known
        one.cancelled &= known - one.left_out
        one.moved = {number: by for number, by in one.moved.items() if number in known - one.left_out}
        told.append(one)
    return told


@settings(max_examples=examples(60), deadline=None)
@given(calendars())
def test_every_quarter_of_an_hour_has_whom_the_calendar_means(told: list[Series]) -> None:
    text = calendar("X-WR-TIMEZONE:Asia/Kolkata\n", OWN_ZONE, *(one.written() for one in told))
    end = BEGIN + timedelta(days=DAYS)
    coming = [one for one in told if one.answer != "DECLINED"]
    try:
        rotation = {"shifts": shifts_of(text, BEGIN, end, None, {}).shifts}
    except CalendarRefused as refused:
        assert [one.rule for one in refused.problems] == ["none"]
        rotation = {"shifts": []}
    instant = BEGIN
    while instant < end:
        names = {one["email"].split("@")[0] for one in on_duty(rotation, instant)}
        assert names == {one.who for one in coming if one.is_on(instant)}, instant
        instant += QUARTER


def test_the_oracle_sees_a_moved_event_where_it_has_been_moved_to() -> None:
    one = Series("ada", "Our wall", 5, 0, 60, 1, 2, False, "ACCEPTED", moved={0: 7}, cancelled=frozenset({1}))
    hours = [
        hour for hour in range(48) if one.is_on(datetime(2026, 3, 23, tzinfo=UTC) + timedelta(hours=hour))
    ]
    assert hours == [6]
