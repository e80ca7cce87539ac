"""What a calendar has in a span, expanded part after part.

For each part the library goes through every time of a series since it began, so parts are long where little
happens. It makes all that happens in a part at once, so they are short where much does: whoever has seen
enough need not wait for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from workflow.recovery.rotations.calendar_times import Entry

_SHORTEST = timedelta(minutes=15)
_LONGEST = timedelta(days=128)
_FEW = 100
"""Occurrences in a part of which the next one may be longer."""


def occurrences(calendar: Entry, number: str, begin: datetime, end: datetime) -> Iterator[Entry]:
    """Each occurrence of a calendar's events that touches a span, once; roughly the earliest first.

    Args:
        number: the property by which the event is known of which it is one.
        begin, end: the span, UTC.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: of the libraries, which cannot read the calendar.
    """
    import recurring_ical_events  # with the first calendar: a start of the API does not wait for it

    query = recurring_ical_events.of(calendar, components=["VEVENT"])
    seen: set[tuple[Any, Any]] = set()
    length = _SHORTEST
    while begin < end:
        until = begin + min(length, end - begin)
        found = query.between(begin, until)
        for one in found:
            known = one[number], one["DTSTART"].dt
            if known not in seen:  # it may touch several parts
                seen.add(known)
                yield one
        length = min(_LONGEST, length * 4) if len(found) < _FEW else max(_SHORTEST, length / 2)
        begin = until
