"""A calendar of paper: how long a length of time is in the hours of the storm, reckoned block by block.

It knows weekly hours, days that are closed and zones, and asks nothing of the code that it judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST = 400


def due_after(hours: Any, since: datetime, days: int, length: timedelta) -> datetime:
    """When so many days and then so much time have passed by these hours; without any it never closes."""
    if not isinstance(hours, Mapping):
        return since + timedelta(days=days) + length
    at = _days_later(hours, since, days) if days else since
    for begins, ends in _blocks(hours, at):
        begins = max(begins, at)
        if ends - begins >= length and length:
            return begins + length
        if not length:
            return begins
        length -= max(ends - begins, timedelta(0))
    raise ValueError(f"{hours} are never open")


def open_time(hours: Any, since: datetime, until: datetime) -> timedelta:
    """How much of this time lies within the hours."""
    if not isinstance(hours, Mapping):
        return until - since
    total = timedelta(0)
    for begins, ends in _blocks(hours, since):
        if begins >= until:
            break
        total += max(min(ends, until) - max(begins, since), timedelta(0))
    return total


def _days_later(hours: Mapping[str, Any], since: datetime, days: int) -> datetime:
    """The same time of day so many days with hours later, moved into the next block."""
    zone = ZoneInfo(hours["zone"])
    begins = next(max(one, since) for one, ends in _blocks(hours, since) if ends > since)
    wall = begins.astimezone(zone)
    day = wall.date()
    while days:
        day += timedelta(days=1)
        days -= bool(_of_day(hours, day))
    return datetime.combine(day, wall.time(), zone).astimezone(UTC)


def _blocks(hours: Mapping[str, Any], since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Those that end after `since`, in order."""
    zone = ZoneInfo(hours["zone"])
    day = since.astimezone(zone).date() - timedelta(days=1)
    for number in range(_MOST):
        for begins, ends in _of_day(hours, day + timedelta(days=number)):
            block = tuple(
                datetime.combine(day + timedelta(days=number), one, zone).astimezone(UTC)
                for one in (begins, ends)
            )
            if block[1] > since:
                yield block[0], block[1]


def _of_day(hours: Mapping[str, Any], day: date) -> Sequence[tuple[time, time]]:
    if day.isoformat() in hours.get("closed", ()):
        return []
    name = _DAYS[day.weekday()]
    found: list[tuple[time, time]] = []
    for days, blocks in hours["weekly"].items():
        first, _, last = days.partition("-")
        if _DAYS.index(first) <= _DAYS.index(name) <= _DAYS.index(last or first):
            found += [
                (time.fromisoformat(begins), time.fromisoformat(ends))
                for begins, _, ends in (one.partition("-") for one in blocks)
            ]
    return sorted(found)
