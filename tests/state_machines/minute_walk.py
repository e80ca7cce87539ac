"""The slow truth that the arithmetic of deadlines is measured by: a walk from minute to minute.

It shares no code with `state_machines`. Each UTC minute is judged by itself: what do the clocks on
the wall show, and is that inside a block that its date or the date before starts? Then a deadline
is found by counting minutes, one after the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import holidays

MINUTE = timedelta(minutes=1)
QUARTER = 15
_WAITS = [index * MINUTE for index in range(QUARTER)]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def minute_of(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def blocks_of(source: Mapping[str, Any], day: date) -> Sequence[str]:
    """The texts of the blocks that start on `day`, read from the plain mapping."""
    if day in source.get("open", {}):
        return list(source["open"][day])
    rule = source.get("holidays")
    free = rule and day in holidays.country_holidays(rule["country"], subdiv=rule.get("subdivision"))
    if free or day in source.get("closed", ()):
        return []
    return list(source["weekly"].get(DAYS[day.weekday()], []))


def wall_mask(source: Mapping[str, Any], day: date) -> bytearray:
    """For each minute that a clock can show on `day`, whether it is open."""
    mask = bytearray(1440)
    for shift, origin in ((0, day), (1440, day - timedelta(days=1))):
        for text in blocks_of(source, origin):
            first, last = map(minute_of, text.split("-"))
            if last <= first:
                last += 1440
            for minute in range(max(first - shift, 0), min(last - shift, 1440)):
                mask[minute] = 1
    return mask


def open_minutes(source: Mapping[str, Any] | None, zone: str, first: datetime, count: int) -> bytearray:
    """For each of `count` UTC minutes from `first` on, 1 if it is open."""
    if source is None:
        return bytearray([1]) * count
    return open_by_wall(source, wall_clock(ZoneInfo(zone), first, count))


def open_by_wall(source: Mapping[str, Any], walls: Iterable[datetime]) -> bytearray:
    """For each minute in which the clocks show this, 1 if it is open."""
    masks: dict[date, bytearray] = {}
    result = bytearray()
    for wall in walls:
        day = wall.date()
        if day not in masks:
            masks[day] = wall_mask(source, day)
        result.append(masks[day][wall.hour * 60 + wall.minute])
    return result


def wall_clock(where: ZoneInfo, first: datetime, count: int) -> Iterator[datetime]:
    """What the clocks on the wall show in each of `count` UTC minutes, without a zone.

    The zone is asked twice a quarter of an hour, and each minute only where the two answers differ: no zone
    ever changed its offset and changed it back within one.
    """
    for begin in range(0, count, QUARTER):
        minutes = range(begin, min(begin + QUARTER, count))
        start, last = ((first + index * MINUTE).astimezone(where) for index in (minutes[0], minutes[-1]))
        if start.utcoffset() == last.utcoffset():
            shown = start.replace(tzinfo=None)
            yield from (shown + wait for wait in _WAITS[: len(minutes)])
        else:
            yield from ((first + index * MINUTE).astimezone(where).replace(tzinfo=None) for index in minutes)


def running_minutes(opened: bytearray, pauses: Sequence[tuple[int, int | None]]) -> bytearray:
    """The open minutes that no pause covers; pauses are minute indexes [from, to)."""
    running = bytearray(opened)
    for begin, end in pauses:
        paused = range(len(opened))[begin:end]
        running[begin:end] = bytes(len(paused))
    return running


def walk_to_deadline(running: bytearray, start: int, budget: int) -> int | None:
    """The index of the first minute boundary at which `budget` minutes have run; None: not in sight."""
    if budget == 0:
        return start
    minutes = (minute for minute, runs in enumerate(running[start:], start) if runs)
    last = next(islice(minutes, budget - 1, None), None)
    return None if last is None else last + 1


def walk_back(running: bytearray, end: int, budget: int) -> int | None:
    """The index of the last boundary from which `budget` minutes run until `end`; None: not in sight."""
    if budget == 0:
        return end
    minutes = (minute for minute in range(end - 1, -1, -1) if running[minute])
    return next(islice(minutes, budget - 1, None), None)


def count_running(running: bytearray, start: int, until: int) -> int:
    """How many minutes run in [start, until)."""
    return sum(running[start:until])


def instant(first: datetime, index: int) -> datetime:
    """The instant of a minute boundary."""
    return (first + index * MINUTE).astimezone(UTC)
