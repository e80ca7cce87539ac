"""Which of the declared instants, durations and calendars nothing can be reckoned with.

A lead of 3,000 years and a deadline in the year 1 can be read, and no timer can be set by them: the event
would be accepted and its decision fail. Asked of events that come in, alone: what is in the ledger is decided
as it always was, so that it can be replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from state_machines.calendars.written import written_calendar
from state_machines.errors import Problem
from state_machines.form.fields import FieldDeclaration
from state_machines.values.durations import parse_duration
from state_machines.values.instants import parse_instant
from state_machines.values.time_errors import TimeError

LONGEST = timedelta(days=36_525)
"""A hundred years."""
FIRST_YEAR = 1000
"""Of instants in UTC: several durations fit between it and the year 1. The last years stay, since systems
write "never" as the end of the year 9999, and what is before that can be reckoned."""

Look = Callable[[Any, str], Iterator[Problem]]
"""Finds what is out of bounds in a value, given its path."""


def time_bounds(fields: Mapping[str, FieldDeclaration]) -> Look | None:
    """What looks at the data of a trigger that declares these fields; None if it declares no time."""
    looks = {name: look for name, one in fields.items() if (look := _look(one)) is not None}
    if not looks:
        return None

    def members(value: Any, field: str) -> Iterator[Problem]:
        if isinstance(value, Mapping):
            for name, look in looks.items():
                if name in value:
                    yield from look(value[name], f"{field}.{name}")

    return members


def _look(declared: FieldDeclaration) -> Look | None:
    if declared.format in _LOOKS:
        return _LOOKS[declared.format]
    if declared.fields is not None:
        return time_bounds(declared.fields)
    item = None if declared.items is None else _look(declared.items)
    if item is None:
        return None

    def items(value: Any, field: str) -> Iterator[Problem]:
        if isinstance(value, list):
            for place, one in enumerate(value):
                yield from item(one, f"{field}[{place}]")

    return items


def _instant(value: Any, field: str) -> Iterator[Problem]:
    try:
        instant = parse_instant(value)
    except TimeError:  # null where it need not be there; anything else has been refused before
        return
    if instant.year < FIRST_YEAR:
        message = f"{value!r} is before the year {FIRST_YEAR}; leave out what is not known"
        yield Problem(field, "instant-range", message)


def _duration(value: Any, field: str) -> Iterator[Problem]:
    try:
        duration = parse_duration(value)
    except TimeError:
        return
    if duration > LONGEST:
        message = f"{value!r} is longer than {LONGEST.days} days, a hundred years"
        yield Problem(field, "duration-length", message)


def _calendar(value: Any, field: str) -> Iterator[Problem]:
    """Hours that nothing could be counted in; a calendar by its name is looked at as a text."""
    if not isinstance(value, Mapping):
        return
    try:
        written_calendar(value)
    except TimeError as error:
        yield Problem(f"{field}.{error.field}" if error.field else field, error.rule, error.message)


_LOOKS: Mapping[str | None, Look] = {"date-time": _instant, "duration": _duration, "calendar": _calendar}
