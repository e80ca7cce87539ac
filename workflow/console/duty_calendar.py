"""The calendar of a rotation, drawn: a row a week, a box a span, in the zone of whoever is on duty.

Lengths follow the clock on the wall: a day of 23 or 25 hours is as wide as any, so that weekdays stand below
each other. Of two spans that meet in an hour that comes twice, both are drawn there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from state_machines.values.instants import parse_instant
from workflow.console.translations import translations
from workflow.recovery.rotations.spans import DutySpan

ROW, TOP = 56, 28
COLOURS = 7
_WEEK = timedelta(days=7)
_LETTERS = 0.11
"""Letters of a name that a unit has room for."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much there is: units that a day is wide, and those before Monday begins."""

    day: float
    left: float


WIDE, NARROW = Room(130.0, 90.0), Room(44.0, 62.0)
"""Of a drawing as wide as a page, and of one as wide as a telephone, with letters of the same size."""


@dataclass(frozen=True, slots=True)
class DutyBox:
    """A span, or the part of it that lies in one week.

    Attributes:
        x, width: in units; y: of its row.
        name: who, as far as there is room; empty: nobody.
        title: the same whole, with from when to when.
        colour: of whom it is first of all, from 0; None: a gap.
        stands_in: whether an override says so.
    """

    x: float
    y: float
    width: float
    name: str
    title: str
    colour: int | None
    stands_in: bool


@dataclass(frozen=True, slots=True)
class DutyWeek:
    """One row: the Monday that it begins with, how that is written, and where it stands."""

    begins: date
    label: str
    y: float


@dataclass(frozen=True, slots=True)
class DutyCalendar:
    """All of it. `people` are those who are drawn, in the order of their colours; `now` is (x, y)."""

    room: Room

    weekdays: list[str]
    weeks: list[DutyWeek]
    boxes: list[DutyBox]
    people: list[str]
    now: tuple[float, float]
    zone: str

    @property
    def height(self) -> float:
        """Of the whole drawing."""
        return TOP + ROW * len(self.weeks) + 4

    @property
    def width(self) -> float:
        """Of the whole drawing."""
        return self.room.left + 7 * self.room.day


def duty_calendar(
    spans: Sequence[DutySpan],
    overrides: Sequence[Mapping[str, Any]],
    now: datetime,
    zone: str,
    language: str,
    room: Room = WIDE,
) -> DutyCalendar:
    """The calendar of these spans, which follow each other from `now` on; by the clock of a zone."""
    where = ZoneInfo(zone)
    days = translations(language).pgettext("clock", "d MMM")
    monday = _monday(now.astimezone(where).date())
    last = spans[-1].end if spans else now
    mondays = [
        monday + number * _WEEK
        for number in range((_monday(last.astimezone(where).date()) - monday) // _WEEK + 1)
    ]
    weeks = [
        DutyWeek(day, format_date(day, days, language), TOP + ROW * number)
        for number, day in enumerate(mondays)
    ]
    weekdays = [format_date(monday + timedelta(days=number), "EEE", language) for number in range(7)]
    people = list(dict.fromkeys(_name(one) for span in spans for one in span.people))
    covered = [(parse_instant(one["from"]), parse_instant(one["to"])) for one in overrides]
    boxes = [
        box
        for span in spans
        for part in _parts(span, covered)
        for box in _boxes(part, weeks, people, where, room, stands_in=_inside(part, covered))
    ]
    return DutyCalendar(room, weekdays, weeks, boxes, people, _place(now, weeks, where, room), zone)


def _parts(span: DutySpan, covered: Sequence[tuple[datetime, datetime]]) -> Iterator[DutySpan]:
    """A span, cut where an override begins or ends inside of it."""
    cuts = sorted({at for pair in covered for at in pair if span.begin < at < span.end})
    for begin, end in zip((span.begin, *cuts), (*cuts, span.end), strict=True):
        yield DutySpan(begin, end, span.people)


def _inside(span: DutySpan, covered: Sequence[tuple[datetime, datetime]]) -> bool:
    return any(begin <= span.begin and span.end <= end for begin, end in covered)


def _boxes(
    span: DutySpan,
    weeks: Sequence[DutyWeek],
    people: Sequence[str],
    where: ZoneInfo,
    room: Room,
    *,
    stands_in: bool,
) -> Iterator[DutyBox]:
    names = [_name(one) for one in span.people]
    begin, end = (one.astimezone(where).replace(tzinfo=None) for one in (span.begin, span.end))
    title = f"{', '.join(names) or '?'}: {begin:%Y-%m-%d %H:%M} / {end:%Y-%m-%d %H:%M}"
    colour = people.index(names[0]) % COLOURS if names else None
    for week in weeks:
        starts = datetime.combine(week.begins, time())
        first, last = max(begin, starts), min(end, starts + _WEEK)
        if first < last:
            width = (last - first) / timedelta(days=1) * room.day
            x = room.left + (first - starts) / timedelta(days=1) * room.day
            shown = _short(", ".join(names), int(width * _LETTERS))
            yield DutyBox(round(x, 1), week.y, round(width, 1), shown, title, colour, stands_in)


def _short(text: str, most: int) -> str:
    """As much of a name as there is room for: before the @ first, then its beginning."""
    if len(text) <= most:
        return text
    text = text.partition("@")[0]
    return text if len(text) <= most else (text[: most - 1] + "…" if most > 2 else "")


def _place(now: datetime, weeks: Sequence[DutyWeek], where: ZoneInfo, room: Room) -> tuple[float, float]:
    local = now.astimezone(where).replace(tzinfo=None)
    since = local - datetime.combine(weeks[0].begins, time())
    return round(room.left + since / timedelta(days=1) * room.day, 1), weeks[0].y


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _name(person: Any) -> str:
    if isinstance(person, Mapping):
        return str(next((person[one] for one in ("name", "email", "phone") if person.get(one)), "?"))
    return str(person)
