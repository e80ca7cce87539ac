"""Business hours: which instants are open, and how business time and instants turn into each other.

A calendar says for each local date which blocks of *wall time* are open. An instant is open if the
clocks on the wall of the zone then show a time inside a block. So on a day when the clocks change a
block is as long as it really lasts: what the clocks skip never comes, what they show twice comes twice.

Which blocks hold for a date: those of `open` if the date is there, else none if it is in `closed` or
a holiday, else those of the week. A block that crosses midnight belongs to the date it starts on, and
runs to its end even if the next date is closed.

All instants are aware datetimes; results are in UTC. Durations are real, elapsed time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Self

from state_machines.calendars.blocks import Block, minutes_of_day
from state_machines.calendars.holiday_rules import HolidayRule
from state_machines.calendars.offsets import DAY, constant_stretches
from state_machines.calendars.source import (
    Week,
    read_closed,
    read_holidays,
    read_open,
    read_week,
    read_zone,
    refuse_unknown,
)
from state_machines.values.instants import as_utc, zone
from state_machines.values.time_errors import CalendarError, NeverOpen

__all__ = ["Calendar", "CalendarError", "DayPlan", "NeverOpen", "Span"]

Span = tuple[datetime, datetime]
"""Open from the first instant up to, and without, the second; UTC."""

LOOK_AHEAD_DAYS = 4 * 366
"""So long may a calendar stay closed before it is called never open."""

EXACT_YEARS = 100
"""So far from where it begins, time is reckoned day by day; what lies beyond, by the average of these years:
systems write "never" as the end of the year 9999, and nobody waits for the holidays on the way there."""

_MEMO_DAYS = 800
_FIRST_DAY, _LAST_DAY = date.min.toordinal() + 2, date.max.toordinal() - 2
"""Two days inside what datetime can hold, so that no zone's offset leads out of it."""
_FIRST_YEAR, _LAST_YEAR = 2, 9999
_LEAST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What holds for one local date: its blocks, and for a date out of the ordinary, why."""

    blocks: tuple[Block, ...]
    exception: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Business hours in a zone.

    Attributes:
        weekly: blocks for Monday to Sunday.
        zone: None until `in_zone` supplies it; nothing can be asked of a calendar without one.
        holidays: whose public holidays are free.
        closed: dates without any block.
        opened: dates with blocks of their own, which override all else.
    """

    weekly: Week
    zone: tzinfo | None = None
    holidays: tuple[HolidayRule, ...] = ()
    closed: frozenset[date] = frozenset()
    opened: Mapping[date, tuple[Block, ...]] = field(default_factory=dict, hash=False)
    _days: dict[int, tuple[Span, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Memo of `_utc_day`; it changes no answer."""
    _years: dict[int, timedelta] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Memo of `_open_year`: what is long is reckoned by whole years."""
    _working: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Memo of `working_days`."""
    _elsewhere: dict[str | tzinfo, "Calendar"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Memo of `in_zone`, so that the copies keep their own memos."""

    @classmethod
    def from_mapping(cls, source: Mapping[str, Any]) -> Self:
        """A calendar from what a YAML file says: ``zone, weekly, holidays, closed, open``.

        Raises:
            CalendarError: `field` names what is wrong (``weekly.mon[1]``), `rule` and `message` why.
        """
        if not isinstance(source, Mapping):
            raise CalendarError("mapping-form", f"a calendar is a mapping, not {source!r}")
        refuse_unknown(source, {"zone", "weekly", "holidays", "closed", "open"})
        weekly, opened = read_week(source.get("weekly")), read_open(source.get("open"))
        if not any(weekly) and not any(opened.values()):
            raise CalendarError(
                "never-open", "neither weekly nor open has a block, so it is never open", "weekly"
            )
        return cls(
            weekly=weekly,
            zone=read_zone(source.get("zone")),
            holidays=read_holidays(source.get("holidays")),
            closed=read_closed(source.get("closed")),
            opened=opened,
        )

    def in_zone(self, where: str | tzinfo) -> "Calendar":
        """The same hours on the walls of another zone, in place of its own.

        Raises:
            UnknownZone: no zone of this name.
        """
        known = self._elsewhere.get(where)
        if known is None:
            place = zone(where) if isinstance(where, str) else where
            known = self._elsewhere[where] = replace(self, zone=place)
        return known

    def plan(self, day: date) -> DayPlan:
        """Which blocks start on the local date `day`, and what makes it an exception, if anything does."""
        if day in self.opened:
            return DayPlan(
                self.opened[day], "open by exception" if self.opened[day] else "closed by exception"
            )
        if day in self.closed:
            return DayPlan((), "closed by exception")
        for rule in self.holidays:
            if (name := rule.name_of(day)) is not None:
                return DayPlan((), f"holiday: {name}")
        return DayPlan(self.weekly[day.weekday()])

    def is_open(self, at: datetime) -> bool:
        """Whether the instant `at` is open. The end of a block is not."""
        instant = as_utc(at)
        return any(begin <= instant < end for begin, end in self._utc_day(instant.toordinal()))

    def next_open(self, at: datetime) -> datetime:
        """The first open instant at or after `at`.

        Raises:
            NeverOpen: there is none within four years.
        """
        begin, _ = next(self.spans(at))
        return begin

    def last_open(self, at: datetime) -> datetime:
        """`at` itself if it is open or the end of a block, else the end of the block before it.

        Raises:
            NeverOpen: there is none within four years before.
        """
        instant = as_utc(at)
        if self.is_open(instant):
            return instant
        _, end = next(self._spans_back(instant))
        return end

    def working_days(self, year: int) -> int:
        """How many dates of a year have hours."""
        known = self._working.get(year)
        if known is None:
            first, after = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
            days = map(date.fromordinal, range(first, after))
            known = self._working[year] = sum(1 for day in days if self.plan(day).blocks)
        return known

    def spans(self, begin: datetime, end: datetime | None = None) -> Iterator[Span]:
        """The open time in [begin, end) in order, lazily, in pieces of at most a day.

        Pieces may touch; `intervals` joins them. Without `end` they go on up to the year 9999.

        Raises:
            NeverOpen: without `end`, nothing is open for four years.
        """
        low = as_utc(begin)
        high = None if end is None else as_utc(end)
        day = seen = low.toordinal()
        while high is None or low < high:
            for opens, closes in self._utc_day(day):
                if closes <= low:
                    continue
                if high is not None and high < closes:
                    if opens < high:
                        yield max(opens, low), high
                    return
                yield max(opens, low), closes
                seen = day
            day += 1
            if high is not None and day > high.toordinal():
                return
            if high is None and (day - seen > LOOK_AHEAD_DAYS or day > _LAST_DAY):
                raise NeverOpen(
                    "never-open",
                    f"nothing is open within four years after {date.fromordinal(seen)}",
                    "weekly",
                )

    def intervals(self, begin: datetime, end: datetime | None = None) -> Iterator[Span]:
        """Like `spans`, with pieces that touch joined. One that is longer than a year comes in parts."""
        current: Span | None = None
        for opens, closes in self.spans(begin, end):
            if current is not None and current[1] == opens and closes - current[0] <= 366 * DAY:
                current = (current[0], closes)
            else:
                if current is not None:
                    yield current
                current = (opens, closes)
        if current is not None:
            yield current

    def business_time(self, begin: datetime, end: datetime) -> timedelta:
        """How much of [begin, end) is open; zero if `end` is not after `begin`. See `EXACT_YEARS`."""
        low, high = as_utc(begin), as_utc(end)
        if high.year - low.year <= 1:
            return self._open_between(low, high)
        first, edge = low.year + 1, _edge(low)
        exact = self._open_between(low, _new_year(first)) + self._open_years(first, min(high.year, edge))
        if high.year < edge:
            return exact + self._open_between(_new_year(high.year), high)
        rate = self._open_years(first, edge), _new_year(edge) - _new_year(first)
        return exact + _scaled(high - _new_year(edge), *rate)

    def add(self, begin: datetime, amount: timedelta) -> datetime:
        """The first instant at which `amount` of business time has passed since `begin`. See `EXACT_YEARS`.

        On the very end of a block it is that end, not the start of the next one. Of no time it is `begin`.

        Raises:
            NeverOpen: the calendar stays closed for four years on the way, or it is after the year 9999.
        """
        low, left = as_utc(begin), amount
        if left <= timedelta(0):
            return low
        first, edge = low.year + 1, _edge(low)
        while True:
            for opens, closes in self.spans(low):
                if opens.year > low.year + 1:
                    break  # from here on by whole years
                if left <= closes - opens:
                    return opens + left
                left -= closes - opens
            year = opens.year
            while year < edge and (whole := self._open_year(year)) and left > whole:
                left, year = left - whole, year + 1
            if year >= edge:
                rate = _new_year(edge) - _new_year(first), self._open_years(first, edge)
                return _moved(_new_year(edge), left, *rate)
            if not whole:  # a whole year without a block: how long it is closed counts from the last one
                year -= 1
                left += self._open_year(year)
            low = _new_year(year)

    def subtract(self, end: datetime, amount: timedelta) -> datetime:
        """The last instant from which `amount` of business time passes until `end`. See `EXACT_YEARS`.

        On the very start of a block it is that start. Of no time it is `end`.

        Raises:
            NeverOpen: the calendar stays closed for four years on the way back, or it is before the year 1.
        """
        high, left = as_utc(end), amount
        if left <= timedelta(0):
            return high
        last, edge = high.year, max(high.year - EXACT_YEARS, _FIRST_YEAR)
        while True:
            for opens, closes in self._spans_back(high):
                if opens.year < high.year - 1:
                    break
                if left <= closes - opens:
                    return closes - left
                left -= closes - opens
            year = opens.year
            while year >= edge and (whole := self._open_year(year)) and left > whole:
                left, year = left - whole, year - 1
            if year < edge:
                rate = _new_year(last) - _new_year(edge), self._open_years(edge, last)
                return _moved(_new_year(edge), -left, *rate)
            if not whole:
                year += 1
                left += self._open_year(year)
            high = _new_year(year + 1)

    def _spans_back(self, high: datetime) -> Iterator[Span]:
        """The open time before `high`, the latest first, in pieces of at most a day. Raises NeverOpen."""
        day = seen = min(high.toordinal(), _LAST_DAY)
        while day >= _FIRST_DAY and seen - day <= LOOK_AHEAD_DAYS:
            for opens, closes in reversed(self._utc_day(day)):
                if opens < high:
                    yield opens, min(closes, high)
                    seen = day
            day -= 1
        raise NeverOpen(
            "never-open", f"nothing is open within four years before {date.fromordinal(seen)}", "weekly"
        )

    def _open_between(self, low: datetime, high: datetime) -> timedelta:
        return sum((closes - opens for opens, closes in self.spans(low, high)), timedelta(0))

    def _open_years(self, first: int, end: int) -> timedelta:
        """The open time of the years from `first` up to, and without, `end`, in UTC."""
        return sum((self._open_year(year) for year in range(first, end)), timedelta(0))

    def _open_year(self, year: int) -> timedelta:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._open_between(_new_year(year), _new_year(year + 1))
        return known

    def _utc_day(self, ordinal: int) -> tuple[Span, ...]:
        """The open time of one UTC day, in order, not touching."""
        known = self._days.get(ordinal)
        if known is None:
            if len(self._days) >= _MEMO_DAYS:
                self._days.clear()
            known = self._days[ordinal] = tuple(self._open_in(ordinal))
        return known

    def _open_in(self, ordinal: int) -> Iterator[Span]:
        if self.zone is None:
            raise CalendarError("no-zone", "the calendar has no zone and none was supplied", "zone")
        if not _FIRST_DAY <= ordinal <= _LAST_DAY:
            raise NeverOpen("instant-range", "the years 1 to 9999 are all there is", "weekly")
        midnight = datetime.combine(date.fromordinal(ordinal), time(), UTC)
        for begin, end, offset in constant_stretches(self.zone, midnight, midnight + DAY):
            local_begin, local_end = begin + offset, end + offset  # wall time, carried by a UTC datetime
            day = local_begin.date()
            while (start_of_day := datetime.combine(day, time(), UTC)) < local_end:
                for first, last in self._minutes(day):
                    opens = max(start_of_day + timedelta(minutes=first), local_begin)
                    closes = min(start_of_day + timedelta(minutes=last), local_end)
                    if opens < closes:
                        yield opens - offset, closes - offset
                day += DAY

    def _minutes(self, day: date) -> tuple[tuple[int, int], ...]:
        return minutes_of_day(self.plan(day).blocks, self.plan(day - DAY).blocks)


def _edge(low: datetime) -> int:
    """The first year, after that of `low`, that is not reckoned day by day."""
    return min(low.year + 1 + EXACT_YEARS, _LAST_YEAR)


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _scaled(amount: timedelta, by: timedelta, whole: timedelta) -> timedelta:
    """`amount` times `by` over `whole`, exactly, cut off at a microsecond; nothing of nothing."""
    if not whole:
        return timedelta(0)
    return timedelta(microseconds=amount // _LEAST * (by // _LEAST) // (whole // _LEAST))


def _moved(start: datetime, amount: timedelta, by: timedelta, whole: timedelta) -> datetime:
    try:
        return start + _scaled(amount, by, whole)
    except OverflowError:
        raise NeverOpen("instant-range", "the years 1 to 9999 are all there is", "weekly") from None
