"""Days and weeks by a calendar: the same time of day on a later working day, or the next block after it.

A *working day* is a date that has hours. Days count from the day in whose hours the clock stands: a night
shift belongs to the date on which it begins, and outside of hours the first day begins when they next do.
What is reached keeps its time of day if it is open then (the end of a block is); else it is the beginning
of the next block. A *week* is one of the paper on the wall: the same weekday, seven dates on. Weeks come
first, then days, then time.

Backwards all of it is mirrored: time first, then days, then weeks, each moved back to the end of the
block before. Where the clocks skip the time of day, the moment of the change stands for it; where they
show it twice, the first.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from state_machines.calendars.calendar import EXACT_YEARS, LOOK_AHEAD_DAYS, Calendar
from state_machines.calendars.offsets import DAY, offset_changes
from state_machines.values.durations import CalendarLength
from state_machines.values.instants import as_utc
from state_machines.values.time_errors import CalendarError, NeverOpen

NO_HOURS = "no business hours"
"""Why a date of the week does not count."""
_LEAST = timedelta(microseconds=1)
_FIRST, _LAST = date(2, 1, 2), date(9998, 12, 30)
"""Within what a zone's offset does not lead out of."""


def add_length(calendar: Calendar, start: datetime, length: CalendarLength) -> datetime:
    """The instant that lies `length` after `start`, UTC. Of no length at all it is `start`.

    Raises:
        NeverOpen: the calendar stays closed for four years on the way, or it is after the year 9998.
    """
    at = as_utc(start)
    if length.weeks:
        day, wall = _place(calendar, calendar.next_open(at))
        at = _opened(calendar, _instant(calendar, _moved(day, 7 * length.weeks), wall))
    if length.days:
        day, wall = _place(calendar, calendar.next_open(at))
        at = _opened(calendar, _instant(calendar, _counted(calendar, day, length.days, 1), wall))
    return calendar.add(at, length.time)


def subtract_length(calendar: Calendar, end: datetime, length: CalendarLength) -> datetime:
    """The instant that lies `length` before `end`, UTC. Of no length at all it is `end`.

    Raises:
        NeverOpen: the calendar stays closed for four years on the way back, or it is before the year 2.
    """
    at = calendar.subtract(end, length.time)
    if length.days:
        day, wall = _place(calendar, calendar.last_open(at))
        at = _closed(calendar, _instant(calendar, _counted(calendar, day, length.days, -1), wall))
    if length.weeks:
        day, wall = _place(calendar, calendar.last_open(at))
        at = _closed(calendar, _instant(calendar, _moved(day, -7 * length.weeks), wall))
    return at


def is_in_hours(calendar: Calendar, at: datetime) -> bool:
    """Whether an instant is open or the end of a block: a deadline may lie on either."""
    return calendar.is_open(at) or calendar.is_open(at - _LEAST)


def begins_block(calendar: Calendar, at: datetime) -> bool:
    """Whether a block begins at an instant, after closed time."""
    return calendar.is_open(at) and not calendar.is_open(at - _LEAST)


def counted_days(calendar: Calendar, start: datetime, number: int) -> Iterator[tuple[date, str | None]]:
    """The dates after that of `start` up to the last of so many working days, with why some do not count.

    Raises:
        NeverOpen: as `add_length`.
    """
    day, _ = _place(calendar, calendar.next_open(start))
    left = number
    while left:
        day = _moved(day, 1)
        plan = calendar.plan(day)
        left -= bool(plan.blocks)
        yield day, None if plan.blocks else plan.exception or NO_HOURS


def _place(calendar: Calendar, at: datetime) -> tuple[date, timedelta]:
    """The working day to which an instant in hours belongs, and how far the clocks are past its midnight."""
    if not calendar.is_open(at):  # the end of a block belongs to what lies before it
        day, wall = _place(calendar, at - _LEAST)
        return day, wall + _LEAST
    local = at.astimezone(_zone(calendar)).replace(tzinfo=None)
    day, wall = local.date(), local - datetime.combine(local.date(), time())
    minutes = wall / timedelta(minutes=1)
    if any(block.start <= minutes < block.end for block in calendar.plan(day).blocks):
        return day, wall
    return day - DAY, wall + DAY


def _instant(calendar: Calendar, day: date, wall: timedelta) -> datetime:
    """When the clocks have come so far since the midnight of a date, UTC."""
    where = _zone(calendar)
    local = datetime.combine(day, time()) + wall
    offset = local.replace(tzinfo=where).utcoffset() or timedelta(0)
    instant = (local - offset).replace(tzinfo=UTC)
    if instant.astimezone(where).replace(tzinfo=None) == local:
        return instant
    return next(
        change.at
        for change in offset_changes(where, instant - 2 * DAY, instant)
        if change.after > change.before
    )


def _opened(calendar: Calendar, at: datetime) -> datetime:
    return at if is_in_hours(calendar, at) else calendar.next_open(at)


def _closed(calendar: Calendar, at: datetime) -> datetime:
    return at if is_in_hours(calendar, at) else calendar.last_open(at)


def _counted(calendar: Calendar, start: date, number: int, step: int) -> date:
    """The date of the `number`th working day after `start`; before it, with a `step` of -1.

    Beyond `EXACT_YEARS` by the average of those years, as business time is.
    """
    day = seen = start
    left, first = number, start.year
    while left:
        day = _moved(day, step)
        if abs((day - seen).days) > LOOK_AHEAD_DAYS:
            raise NeverOpen("never-open", f"there is no working day within four years of {seen}", "weekly")
        if calendar.plan(day).blocks:
            seen, left = day, left - 1
        while (day.month, day.day) == ((12, 31) if step > 0 else (1, 1)):
            if abs(day.year - first) >= EXACT_YEARS:
                return _by_average(calendar, day, left, step, first)
            following = day.year + step
            whole = calendar.working_days(following) if _FIRST.year < following < _LAST.year else 0
            if not 0 < whole < left:
                break
            left -= whole
            seen = day = date(following, day.month, day.day)
    return day


def _by_average(calendar: Calendar, day: date, left: int, step: int, first: int) -> date:
    years = range(min(first + step, day.year), max(first + step, day.year) + 1)
    working = sum(map(calendar.working_days, years))
    span = date(years[-1] + 1, 1, 1) - date(years[0], 1, 1)
    return _moved(day, step * (left * span.days // max(working, 1)))


def _moved(day: date, days: int) -> date:
    try:
        moved = day + timedelta(days=days)
    except OverflowError:
        moved = date.max
    if not _FIRST <= moved <= _LAST:
        raise NeverOpen("instant-range", "the years 1 to 9999 are all there is", "weekly")
    return moved


def _zone(calendar: Calendar) -> tzinfo:
    if calendar.zone is None:
        raise CalendarError("no-zone", "the calendar has no zone and none was supplied", "zone")
    return calendar.zone
