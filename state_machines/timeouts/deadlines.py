"""The arithmetic of timeouts: when a budget of business time is used up, pauses not counted.

Everything follows from one sentence: the clock runs at an instant if the calendar is open then and
no pause covers it; the deadline is the *first* instant at which the clock has run for the budget.

* A deadline on the very end of a block, or on the very beginning of a pause, is that instant, and
  not the start of the next block or the end of the pause: by then the budget was used up.
* Closed time inside a pause is not subtracted, since it was never counted.
* A budget of zero is due at `start` itself, at night and in a pause too: nothing is left to wait for.
  Whoever must not act at night asks `calendar.next_open` or `quiet_hours`.

Instants are aware; results are in UTC. Without a calendar every instant is open.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from state_machines.calendars import Calendar
from state_machines.calendars.working_days import add_length, begins_block, subtract_length
from state_machines.timeouts.explanation import explain
from state_machines.timeouts.running_time import Pause, checked_budget, open_time, stretches
from state_machines.values.durations import CalendarLength
from state_machines.values.instants import as_utc, shifted
from state_machines.values.time_errors import DurationError, InstantError, TimeError

__all__ = [
    "Pause",
    "after",
    "deadline",
    "elapsed",
    "explain",
    "lead",
    "next_tick",
    "number_of_tick",
    "remaining",
    "resumed",
    "share",
]

_NOTHING = timedelta(0)


def deadline(
    start: datetime, budget: timedelta, pauses: Sequence[Pause] = (), calendar: Calendar | None = None
) -> datetime | None:
    """The instant at which `budget` is used up, or None while a pause that is still open keeps it from that.

    Raises:
        DurationError: the budget is negative.
        PauseError: a pause ends before it begins.
        NeverOpen: the calendar stays closed for four years.
        InstantError: an instant has no zone, or the deadline is after the year 9999.
    """
    begin, left = as_utc(start), checked_budget(budget)
    if not left:
        return begin
    if not pauses:
        return shifted(begin, budget) if calendar is None else calendar.add(begin, budget)
    for begins, ends in stretches(begin, pauses):
        if ends is None:
            return shifted(begins, left) if calendar is None else calendar.add(begins, left)
        runs = open_time(calendar, begins, ends)
        if left <= runs:
            return begins + left if calendar is None else calendar.add(begins, left)
        left -= runs
    return None


def after(start: datetime, length: CalendarLength, calendar: Calendar | None = None) -> datetime:
    """The instant that lies `length` after `start`: weeks and days of the calendar first, then business time.

    Without a calendar a day is 24 hours.

    Raises:
        DurationError, NeverOpen, InstantError: as `deadline`.
    """
    checked_budget(length.time)
    if calendar is None:
        return shifted(as_utc(start), length.whole)
    return add_length(calendar, start, length)


def resumed(
    start: datetime,
    length: CalendarLength,
    budget: timedelta,
    pauses: Sequence[Pause],
    calendar: Calendar,
) -> datetime | None:
    """The deadline of a length of days that pauses have moved: its business time, used up between them.

    Where it would have been the beginning of a block without them it is so with them, and not the end of the
    block before.

    Raises:
        DurationError, PauseError, NeverOpen, InstantError: as `deadline`.
    """
    due_at = deadline(start, budget, pauses, calendar)
    if due_at is None or not begins_block(calendar, after(start, length, calendar)):
        return due_at
    return calendar.next_open(due_at)


def elapsed(
    start: datetime, until: datetime, pauses: Sequence[Pause] = (), calendar: Calendar | None = None
) -> timedelta:
    """How long the clock has run between `start` and `until`; zero if `until` is not after `start`.

    Raises:
        PauseError, InstantError: as `deadline`.
    """
    limit, total = as_utc(until), _NOTHING
    for begins, ends in stretches(start, pauses):
        if begins >= limit:
            break
        total += open_time(calendar, begins, limit if ends is None else min(ends, limit))
    return total


def remaining(
    start: datetime,
    budget: timedelta,
    until: datetime,
    pauses: Sequence[Pause] = (),
    calendar: Calendar | None = None,
) -> timedelta:
    """What is left of `budget` at `until`; zero, never less, once the deadline has passed."""
    return max(budget - elapsed(start, until, pauses, calendar), _NOTHING)


def lead(instant: datetime, lead: timedelta | CalendarLength, calendar: Calendar | None = None) -> datetime:
    """The instant that lies `lead` before `instant`; with a calendar, that much business time before.

    Of a `CalendarLength` its weeks and days are those of the calendar, counted backwards.

    Raises:
        DurationError: the lead is negative.
        NeverOpen, InstantError: it would be too long ago.
    """
    if isinstance(lead, CalendarLength):
        if calendar is not None and lead.has_days:
            return subtract_length(calendar, instant, lead)
        lead = lead.whole
    if lead < _NOTHING:
        raise DurationError("duration-sign", f"the lead {lead} is negative")
    return shifted(as_utc(instant), -lead) if calendar is None else calendar.subtract(instant, lead)


def share(start: datetime, instant: datetime, fraction: float, calendar: Calendar | None = None) -> datetime:
    """The instant at which `fraction` (0 to 1) of the span from `start` to `instant` is over.

    With a calendar, of the business time in the span. `start` itself if `instant` is not after it.

    Raises:
        TimeError: the fraction is not within 0 to 1.
    """
    if not 0 <= fraction <= 1:
        raise TimeError("share-range", f"{fraction!r} is not a share from 0 to 1 (75% is 0.75)")
    begin = as_utc(start)
    part = elapsed(begin, instant, (), calendar) * fraction
    return begin + part if calendar is None else calendar.add(begin, part)


def next_tick(
    start: datetime,
    interval: timedelta | CalendarLength,
    after: datetime,
    calendar: Calendar | None = None,
) -> datetime:
    """The first of `start` + 1, 2, 3, ... times `interval` that is strictly after `after`.

    With a calendar each of them is so many times the interval as the calendar counts it, so that none lies
    outside of its hours.

    Counted from `start` and never from the last tick, so that lateness does not add up.

    Raises:
        DurationError: the interval is not longer than zero.
        InstantError: the tick is after the year 9999.
    """
    length = interval if isinstance(interval, CalendarLength) else CalendarLength(0, 0, interval)
    interval = length.whole
    if interval <= _NOTHING:
        raise DurationError("interval-positive", f"the interval {interval} is not longer than zero")
    begin = as_utc(start)
    if calendar is not None:
        return _business_tick(begin, length, number_of_tick(begin, length, after, calendar), calendar)
    ticks = max((as_utc(after) - begin) // interval, 0) + 1
    try:
        return begin + ticks * interval
    except OverflowError:
        raise InstantError(
            "instant-range", f"the tick after {after.isoformat()} is after the year 9999"
        ) from None


def number_of_tick(start: datetime, interval: CalendarLength, after: datetime, calendar: Calendar) -> int:
    """Which tick of a calendar is the first that is strictly after `after`, from 1 on.

    Raises:
        NeverOpen, InstantError: as `next_tick`.
    """
    low, high = 0, 1
    while _business_tick(start, interval, high, calendar) <= after:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _business_tick(start, interval, middle, calendar) <= after:
            low = middle
        else:
            high = middle
    return high


def _business_tick(start: datetime, interval: CalendarLength, number: int, calendar: Calendar) -> datetime:
    try:
        return add_length(calendar, start, interval.times(number))
    except OverflowError:
        raise InstantError("instant-range", "the tick is after the year 9999") from None
