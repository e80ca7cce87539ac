"""Functions of expressions that ask a calendar: an object as a definition writes it, ``'always'`` or null."""

from datetime import datetime, timedelta
from typing import Any

from state_machines.calendars.working_days import add_length, subtract_length
from state_machines.calendars.written import written_calendar
from state_machines.values.durations import CalendarLength, parse_calendar_length
from state_machines.values.instants import as_utc, shifted
from state_machines.values.time_errors import DurationError


def is_open(calendar: Any, at: datetime) -> bool:
    """``is_open(data.hours, now)``: whether an instant lies in its hours. Raises CalendarError."""
    hours = written_calendar(calendar)
    return hours is None or hours.is_open(at)


def next_opening(calendar: Any, at: datetime) -> datetime:
    """``next_opening(data.hours, now)``: the first instant from that one on that is open.

    Raises CalendarError, NeverOpen.
    """
    hours = written_calendar(calendar)
    return as_utc(at) if hours is None else hours.next_open(at)


def add_business_time(calendar: Any, start: datetime, length: str | timedelta) -> datetime:
    """``add_business_time(data.hours, now, 'P5D')``: the instant that lies so long after another.

    Weeks and days of a text are those of the calendar; the rest, and a computed length, is business time.
    Round the clock a day is 24 hours. Raises CalendarError, DurationError, NeverOpen, InstantError.
    """
    hours, by = written_calendar(calendar), _length(length)
    return shifted(as_utc(start), by.whole) if hours is None else add_length(hours, start, by)


def subtract_business_time(calendar: Any, end: datetime, length: str | timedelta) -> datetime:
    """``subtract_business_time(data.hours, data.due_at, 'P2D')``: the instant so long before another."""
    hours, by = written_calendar(calendar), _length(length)
    return shifted(as_utc(end), -by.whole) if hours is None else subtract_length(hours, end, by)


def business_time(calendar: Any, begin: datetime, end: datetime) -> timedelta:
    """``business_time(data.hours, data.since, now)``: how much time between them is open; zero or more."""
    hours = written_calendar(calendar)
    return max(end - begin, timedelta(0)) if hours is None else hours.business_time(begin, end)


def _length(length: str | timedelta) -> CalendarLength:
    if isinstance(length, str):
        return parse_calendar_length(length)
    if length < timedelta(0):
        raise DurationError("duration-sign", f"the length {length} is negative")
    return CalendarLength(0, 0, length)
