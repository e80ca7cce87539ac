"""The times of a scenario: `+PT2H`, `tomorrow 09:00`, `2026-03-05 10:00 in tom's zone` (docs/testing.md)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from state_machines.values.durations import parse_duration
from state_machines.values.instants import (
    AmbiguousLocalTime,
    InstantError,
    NonexistentLocalTime,
    as_utc,
    format_instant,
    localize,
    parse_instant,
    shifted,
    zone,
)
from state_machines.values.time_errors import TimeError

__all__ = ["BEGIN", "NEVER", "PERSONS", "RESERVED", "Moment", "TimeError", "absolute", "is_time", "resolved"]

BEGIN = "begin"
"""The mark of the instant at which a scenario begins."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AHEAD = {"today": 0, "tomorrow": 1}
RESERVED = frozenset({BEGIN, *_AHEAD, "now", "none", "paused", *_WEEKDAYS})
"""Words of times, which no mark may be."""

_CLOCK = r"(?P<clock>(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)"
_SPAN = re.compile(r"(?:(?P<mark>[a-z][a-z0-9_]*) +)?(?P<sign>[+-])(?P<length>\S+)")
_DAY = re.compile(rf"(?P<day>today|tomorrow|{'|'.join(_WEEKDAYS)}) +{_CLOCK}")
_LOCAL = re.compile(rf"(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[ T]{_CLOCK}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]\S*(?:Z|[+-][0-9]{2}:[0-9]{2})")
_PLACE = re.compile(r"(?P<time>.*?) +in +(?P<place>\S.*)")
PERSONS = re.compile(r"(?:the +)?(?P<person>\S+)'s zone")
"""A place that is said by whose it is."""
_FORMS = "'+PT2H', 'begin +P3D', 'tomorrow 09:00', 'friday 08:30', '2026-03-05 10:00' or an RFC 3339 instant"


@dataclass(frozen=True)
class Moment:
    """From where a time of a scenario is reckoned.

    Attributes:
        now: the instant of the step.
        begin: when the scenario begins.
        zone: of its times.
        marks: instants of earlier steps by the names they gave them.
        zones: of people, by their short names; None of somebody of whom none is said.
    """

    now: datetime
    begin: datetime
    zone: ZoneInfo
    marks: Mapping[str, datetime] = field(default_factory=dict)
    zones: Mapping[str, str | None] = field(default_factory=dict)

    def later(self, now: datetime, mark: str | None = None) -> Moment:
        """The moment of a step at `now`, with the name that it gives to its instant, if any."""
        marks = self.marks if mark is None else {**self.marks, mark: now}
        return replace(self, now=now, marks=marks)


NEVER = Moment(datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), ZoneInfo("UTC"))
"""Where no time hangs on the moment."""


@dataclass(frozen=True, slots=True)
class _Span:
    mark: str | None
    by: timedelta


@dataclass(frozen=True, slots=True)
class _LocalTime:
    """A time of day on a day: a date, or the name of a day; by the clock of a zone or of a person's."""

    day: date | str
    clock: time
    zone: str | None = None
    person: str | None = None


def is_time(text: str) -> bool:
    """Whether a text has the form of a time; its marks, people and zones may be unknown all the same."""
    try:
        _read(text)
    except TimeError:
        return False
    return True


def resolved(text: str, moment: Moment) -> datetime:
    """The instant that a time says, in UTC.

    Raises:
        TimeError: it is no time, or names a mark, a person or a zone that is not known; the clocks leave it
            out or show it twice; it is outside the years 1 to 9999. `rule` and `message` say so.
    """
    said = _read(text)
    if isinstance(said, datetime):
        return said
    if isinstance(said, _Span):
        return as_utc(shifted(_start(said.mark, moment), said.by))
    where = _zone_of(said, moment)
    naive = datetime.combine(_date(said.day, moment.now, where), said.clock)
    try:
        return localize(naive, where)
    except NonexistentLocalTime as error:
        raise NonexistentLocalTime(error.rule, f"{error.message}; say another time") from None
    except AmbiguousLocalTime as error:
        one, other = (format_instant(localize(naive, where, which)) for which in ("earlier", "later"))
        message = f"{naive.isoformat(' ', 'minutes')} is twice in {where}: say the instant, {one} or {other}"
        raise AmbiguousLocalTime(error.rule, message) from None


def absolute(text: str, where: ZoneInfo) -> datetime:
    """The instant, in UTC, of a time that hangs on no other: an instant, or a local time of a date.

    Raises:
        TimeError: as `resolved`; or it hangs on a step, a day or a person.
    """
    said = _read(text)
    if isinstance(said, _Span) or (
        isinstance(said, _LocalTime) and (isinstance(said.day, str) or said.person is not None)
    ):
        message = f"{text!r} hangs on something else; say a date, such as '2026-03-02 10:00', or an instant"
        raise InstantError("not-absolute", message)
    return resolved(text, replace(NEVER, zone=where))


@lru_cache(maxsize=4096)
def _read(text: str) -> datetime | _Span | _LocalTime:
    """What a text says, whatever the moment."""
    if (span := _SPAN.fullmatch(text)) is not None:
        by = parse_duration(span["length"])
        return _Span(span["mark"], by if span["sign"] == "+" else -by)
    if _INSTANT.fullmatch(text):
        return parse_instant(text)
    placed = _PLACE.fullmatch(text)
    rest = placed["time"] if placed is not None else text
    if placed is not None and (_SPAN.fullmatch(rest) or _INSTANT.fullmatch(rest)):
        raise InstantError("zone-of-instant", f"{rest!r} is the same in every zone; it stands alone")
    return _in_place(_local(text, rest), placed["place"] if placed is not None else None)


def _local(text: str, rest: str) -> _LocalTime:
    if (day := _DAY.fullmatch(rest)) is not None:
        return _LocalTime(day["day"], time.fromisoformat(day["clock"]))
    if (local := _LOCAL.fullmatch(rest)) is not None:
        try:
            return _LocalTime(date.fromisoformat(local["date"]), time.fromisoformat(local["clock"]))
        except ValueError:
            raise InstantError("instant-exists", f"there is no day {local['date']}") from None
    raise InstantError("time-form", f"{text!r} is no time, such as {_FORMS}")


def _in_place(said: _LocalTime, place: str | None) -> _LocalTime:
    if place is None:
        return said
    if (person := PERSONS.fullmatch(place)) is not None:
        return replace(said, person=person["person"])
    return replace(said, zone=place)


def _start(mark: str | None, moment: Moment) -> datetime:
    if mark is None:
        return moment.now
    if mark == BEGIN:
        return moment.begin
    if mark not in moment.marks:
        known = list(dict.fromkeys([BEGIN, *moment.marks]))
        raise InstantError("unknown-mark", f"no step up to here has `mark: {mark}`{_hint(mark, known)}")
    return moment.marks[mark]


def _zone_of(said: _LocalTime, moment: Moment) -> ZoneInfo:
    if said.zone is not None:
        return zone(said.zone)
    if said.person is None:
        return moment.zone
    if said.person not in moment.zones:
        near = _hint(said.person, list(moment.zones))
        raise InstantError("unknown-person", f"{said.person!r} is nobody in `people`{near}")
    name = moment.zones[said.person]
    if name is None:
        raise InstantError("no-zone", f"of {said.person!r} no zone is said in `people`")
    return zone(name)


def _date(day: date | str, now: datetime, where: ZoneInfo) -> date:
    if not isinstance(day, str):
        return day
    try:
        today = now.astimezone(where)
    except OverflowError:
        raise InstantError("instant-range", f"{day} is outside the years 1 to 9999 in {where}") from None
    ahead = _AHEAD[day] if day in _AHEAD else (_WEEKDAYS.index(day) - today.weekday() - 1) % 7 + 1
    return shifted(today.replace(tzinfo=None), timedelta(days=ahead)).date()


def _hint(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; is {near[0]!r} meant?" if near else f"; there is {', '.join(known)}" if known else ""
