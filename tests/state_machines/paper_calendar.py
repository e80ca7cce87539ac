"""A calendar of paper: working days counted with a finger, minute by minute, sharing no code with ours.

Each UTC minute is judged by itself (`minute_walk`); the dates are those of the plain mapping.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.state_machines.minute_walk import MINUTE, blocks_of, minute_of, open_by_wall, wall_clock

DAY = timedelta(days=1)


class Paper:
    """The minutes of some weeks: which are open, what the clocks show, and whose hours they are."""

    def __init__(self, source: Mapping[str, Any], zone: str, first: datetime, count: int) -> None:
        self.source, self.first = source, first
        self.wall = list(wall_clock(ZoneInfo(zone), first, count))
        self.open = open_by_wall(source, self.wall)

    def is_in_hours(self, minute: int) -> bool:
        """Open, or the end of what was."""
        return bool(self.open[minute] or self.open[minute - 1])

    def next_open(self, minute: int) -> int:
        """The first open minute from this one on; ValueError: not on this paper."""
        return self.open.index(1, minute)

    def last_open(self, minute: int) -> int:
        """This boundary, if it is open or the end of what was; else the end before it."""
        return minute if self.open[minute] else self.open.rindex(1, 0, minute) + 1

    def page(self, minute: int) -> tuple[date, timedelta]:
        """The date in whose hours a minute lies, and how far the clocks are past its midnight."""
        if not self.open[minute]:
            day, past = self.page(minute - 1)
            return day, past + MINUTE
        wall = self.wall[minute]
        day, past = wall.date(), wall - datetime.combine(wall.date(), time())
        for text in blocks_of(self.source, day):
            begin, end = map(minute_of, text.split("-"))
            if begin * MINUTE <= past and (past < end * MINUTE or end <= begin):
                return day, past
        return day - DAY, past + DAY

    def at(self, day: date, past: timedelta) -> int:
        """The first minute that shows this; if none does, the one to which the clocks skip."""
        shown = datetime.combine(day, time()) + past
        with suppress(ValueError):
            return self.wall.index(shown)
        return next(
            minute for minute in range(1, len(self.wall)) if self.wall[minute - 1] < shown < self.wall[minute]
        )

    def turned(self, day: date, days: int) -> date:
        """So many pages with hours on, or back."""
        while days:
            day += DAY if days > 0 else -DAY
            if blocks_of(self.source, day):
                days += -1 if days > 0 else 1
        return day

    def add(self, minute: int, weeks: int, days: int) -> int:
        """Weeks, then working days on; ValueError or StopIteration: not on this paper."""
        for moves_week, number in ((True, weeks), (False, days)):
            if number:
                day, past = self.page(self.next_open(minute))
                day = day + number * 7 * DAY if moves_week else self.turned(day, number)
                minute = self.at(day, past)
                minute = minute if self.is_in_hours(minute) else self.next_open(minute)
        return minute

    def subtract(self, minute: int, weeks: int, days: int) -> int:
        """Working days, then weeks back; ValueError or StopIteration: not on this paper."""
        for moves_week, number in ((False, days), (True, weeks)):
            if number:
                day, past = self.page(self.last_open(minute))
                day = day - number * 7 * DAY if moves_week else self.turned(day, -number)
                minute = self.at(day, past)
                minute = minute if self.is_in_hours(minute) else self.last_open(minute)
        return minute
