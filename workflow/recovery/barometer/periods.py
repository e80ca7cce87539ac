"""Periods of a calendar: days, weeks, months, quarters and years as the clocks of a zone show them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from state_machines.errors import Problem
from state_machines.values.instants import as_utc
from workflow.errors import InvalidQuery

UNITS = ("day", "week", "month", "quarter", "year")
MOST = 400
"""Periods of one answer: a year by days, and a month to spare."""


class Period(NamedTuple):
    """One period: its label, such as ``2026-03`` or ``2026-W10``, and [start, end) in UTC."""

    label: str
    start: datetime
    end: datetime


def periods(unit: str, since: datetime, until: datetime, where: ZoneInfo) -> list[Period]:
    """The periods that [since, until) touches; the first and the last are cut off there.

    Weeks are those of ISO 8601. A day begins when the zone's clocks first show it, so that one with a
    change of clocks has 23 or 25 hours. Raises InvalidQuery when there are more than `MOST`.
    """
    found: list[Period] = []
    begin, label = _beginning(unit, since.astimezone(where).date())
    while (start := first_moment(begin, where)) < until:
        following, next_label = _beginning(unit, _later(unit, begin))
        end = first_moment(following, where)
        if end > since:
            found.append(Period(label, max(start, since), min(end, until)))
        if len(found) > MOST:
            message = f"more than {MOST} periods: ask for a shorter time, or for longer periods"
            raise InvalidQuery([Problem("query.by", "too-many-periods", message)])
        begin, label = following, next_label
    return found


def first_moment(day: date, where: ZoneInfo) -> datetime:
    """When the clocks of a zone begin to show a day, in UTC; where they skip midnight, after the gap."""
    midnight = datetime.combine(day, time(), where)
    begin = as_utc(midnight)
    while begin.astimezone(where).date() < day:
        begin += timedelta(minutes=15)
    return begin


def _beginning(unit: str, day: date) -> tuple[date, str]:
    """The first day of the period that a day lies in, and the period's label."""
    if unit == "day":
        return day, day.isoformat()
    if unit == "week":
        year, week, weekday = day.isocalendar()
        return day - timedelta(days=weekday - 1), f"{year}-W{week:02}"
    if unit == "month":
        return day.replace(day=1), f"{day.year}-{day.month:02}"
    if unit == "quarter":
        quarter = (day.month - 1) // 3
        return day.replace(month=quarter * 3 + 1, day=1), f"{day.year}-Q{quarter + 1}"
    return day.replace(month=1, day=1), str(day.year)


def _later(unit: str, begin: date) -> date:
    """Some day of the period after the one that begins then."""
    length = {"day": 1, "week": 7, "month": 32, "quarter": 95, "year": 370}[unit]
    return begin + timedelta(days=length)
