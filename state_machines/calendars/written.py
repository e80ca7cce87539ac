"""Calendars as they stand in data: an object as a definition writes it, or a word for round the clock."""

from collections.abc import Mapping
from typing import Any

from state_machines.calendars.calendar import Calendar
from state_machines.values.json_values import identity
from state_machines.values.time_errors import CalendarError, TimeError

ALWAYS = "always"
"""The calendar that never closes, by its name; null means the same."""

_MOST_KEPT = 512
_kept: dict[Any, Calendar] = {}
"""Calendars by what was written: they remember the days that they have reckoned."""


def written_calendar(written: object) -> Calendar | None:
    """The calendar that an object says; None of ``'always'`` and of null: every instant is open.

    Raises:
        CalendarError: neither, or without a zone; `field` and `rule` say what is wrong.
    """
    if written is None or written == ALWAYS:
        return None
    if not isinstance(written, Mapping):
        raise CalendarError(
            "calendar-form", f"{written!r} is no calendar: write its hours, or 'always' for round the clock"
        )
    what = identity(dict(written))
    known = _kept.get(what)
    if known is None:
        known = Calendar.from_mapping(written)
        if known.zone is None:
            raise CalendarError("no-zone", "the calendar says no zone, such as 'Europe/Berlin'", "zone")
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[what] = known
    return known


def calendar_fault(written: object) -> str:
    """``calendar_fault(event.data.hours)``: what is wrong with a calendar, if anything is."""
    try:
        written_calendar(written)
    except TimeError as error:
        field = f"{error.field}: " if error.field else ""
        return f"{field}{error.message} [{error.rule}]"
    return ""
