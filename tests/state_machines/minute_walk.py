"""The slow truth that the arithmetic of deadlines is measured by: a walk from minute to minute.

It shares no code with `state_machines`. Each UTC minute is judged by itself: what do the clocks on
the wall show, and is that inside a block that its date or the date before starts? Then a deadline
is found by counting minutes, one after the other.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

MINUTE = timedelta(minutes=1)
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
    where, masks = ZoneInfo(zone), dict[date, bytearray]()
    result = bytearray(count)
    for index in range(count):
        wall = (first + index * MINUTE).astimezone(where)
        day = wall.date()
        if day not in masks:
            masks[day] = wall_mask(source, day)
        result[index] = masks[day][wall.hour * 60 + wall.minute]
    return result


def running_minutes(opened: bytearray, pauses: Sequence[tuple[int, int | None]]) -> bytearray:
    """The open minutes that no pause covers; pauses are minute indexes [from, to)."""
    running = bytearray(opened)
    for begin, end in pauses:
        for minute in range(begin, len(opened) if end is None else min(end, len(opened))):
            running[minute] = 0
    return running


def walk_to_deadline(running: bytearray, start: int, budget: int) -> int | None:
    """The index of the first minute boundary at which `budget` minutes have run; None: not in sight."""
    used = 0
    for minute in range(start, len(running) + 1):
        if used == budget:
            return minute
        if minute < len(running) and running[minute]:
            used += 1
    return None


def walk_back(running: bytearray, end: int, budget: int) -> int | None:
    """The index of the last boundary from which `budget` minutes run until `end`; None: not in sight."""
    used = 0
    for minute in range(end, -1, -1):
        if used == budget:
            return minute
        if minute and running[minute - 1]:
            used += 1
    return None


def count_running(running: bytearray, start: int, until: int) -> int:
    """How many minutes run in [start, until)."""
    used = 0
    for minute in range(start, until):
        used += running[minute]
    return used


def instant(first: datetime, index: int) -> datetime:
    """The instant of a minute boundary."""
    return (first + index * MINUTE).astimezone(UTC)
