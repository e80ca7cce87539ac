"""Where the clocks of a zone are changed: the offset from UTC at an instant, and its changes.

`zoneinfo` tells the offset at an instant and keeps its table of changes to itself, so changes are
found by looking at both ends of each UTC day and halving. A pair of changes that undo each other
between two UTC midnights would be missed; the IANA database has none since 1970.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class OffsetChange:
    """The clocks of a zone are changed at `at` (UTC), from offset `before` to offset `after`."""

    at: datetime
    before: timedelta
    after: timedelta


def offset_at(zone: tzinfo, at: datetime) -> timedelta:
    """How far the clocks of `zone` are ahead of UTC at the instant `at` (negative: behind)."""
    offset = at.astimezone(zone).utcoffset()
    return offset if offset is not None else timedelta(0)


def offset_changes(zone: tzinfo, begin: datetime, end: datetime) -> Iterator[OffsetChange]:
    """The changes at instants after `begin` and at or before `end`, in order."""
    low, before = begin, offset_at(zone, begin)
    while low < end:
        high = end if end - low <= DAY else low + DAY
        after = offset_at(zone, high)
        while before != after:
            change = _first_change(zone, low, high, before)
            yield change
            low, before = change.at, change.after
        low = high


def constant_stretches(
    zone: tzinfo, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """[begin, end) cut where the offset changes: (from, to, offset) in order, without gaps."""
    low, offset = begin, offset_at(zone, begin)
    for change in offset_changes(zone, begin, end):
        if change.at < end:
            yield low, change.at, offset
            low, offset = change.at, change.after
    yield low, end, offset


def _first_change(zone: tzinfo, low: datetime, high: datetime, before: timedelta) -> OffsetChange:
    """The first change in (low, high], given that the offsets at both ends differ."""
    # The database's changes are at whole seconds, so the search keeps to their grid.
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    # Where two changes fall between, halving could land on the later one; by hours it cannot.
    step = timedelta(hours=1)
    while high - low > step and offset_at(zone, low + step) == before:
        low += step
    high = min(low + step, high)
    while high - low > _SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return OffsetChange(high, before, offset_at(zone, high))
