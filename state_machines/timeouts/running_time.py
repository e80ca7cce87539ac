"""When a clock that can be paused runs: the stretches between its pauses, and the open time in them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from state_machines.calendars import Calendar
from state_machines.values.instants import as_utc
from state_machines.values.time_errors import DurationError, PauseError

Pause = tuple[datetime, datetime | None]
"""Paused from the first instant up to, and without, the second; None: still paused."""

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def checked_budget(budget: timedelta) -> timedelta:
    """The same budget.

    Raises:
        DurationError: it is negative.
    """
    if budget < timedelta(0):
        raise DurationError("duration-sign", f"the budget {budget} is negative")
    return budget


def merged_pauses(pauses: Iterable[Pause]) -> list[Pause]:
    """The same pauses in UTC, in order, without overlaps; those that touch become one.

    Raises:
        PauseError: one ends before it begins.
        InstantError: an instant has no zone.
    """
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted((as_utc(a), END_OF_TIME if b is None else as_utc(b)) for a, b in pauses):
        if end < begin:
            raise PauseError(
                "pause-order", f"a pause ends at {end.isoformat()}, before it begins at {begin.isoformat()}"
            )
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif begin < end:
            merged.append((begin, end))
    return [(begin, None if end == END_OF_TIME else end) for begin, end in merged]


def stretches(start: datetime, pauses: Iterable[Pause]) -> Iterator[tuple[datetime, datetime | None]]:
    """The time from `start` on that lies in no pause, in order; the last has no end unless one is still open.

    Raises:
        PauseError, InstantError: as `merged_pauses`.
    """
    begin = as_utc(start)
    for pause_begin, pause_end in merged_pauses(pauses):
        if begin < pause_begin:
            yield begin, pause_begin
        if pause_end is None:
            return
        begin = max(begin, pause_end)
    yield begin, None


def open_time(calendar: Calendar | None, begin: datetime, end: datetime) -> timedelta:
    """How much business time lies in [begin, end); without a calendar all of it."""
    return max(end - begin, timedelta(0)) if calendar is None else calendar.business_time(begin, end)
