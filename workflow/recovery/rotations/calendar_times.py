"""Puts the times of a calendar's events into their zones, before anything is reckoned with them.

Times that no zone was said for, times in zones with names of the writer's own, and ends of series (UNTIL)
that are days or local times although the series has times: after this all of them are instants, or days.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from workflow.recovery.rotations.calendar_zones import CalendarZones

_ONE = ("DTSTART", "DTEND", "RECURRENCE-ID")
_LISTS = ("RDATE", "EXDATE")
_LAST = time(23, 59, 59)
Entry: TypeAlias = Any
"""An event of the library: a mapping of its properties by name."""


def put_into_zones(event: Entry, zones: CalendarZones) -> None:
    """Put every time of an event into its zone. What has none that is known stays, and `zones` notes it."""
    for name in _ONE:
        for one in listed(event.get(name)):
            one.dt = _moved(one.dt, _zone_name(one), zones)
    for name in _LISTS:
        for one in listed(event.get(name)):
            for single in one.dts:
                single.dt = _moved(single.dt, _zone_name(one), zones)
    start = event["DTSTART"].dt
    if not isinstance(start, datetime):
        zones.floating()  # whole days are days somewhere, too
    for rule in listed(event.get("RRULE")):
        if "UNTIL" in rule:
            rule["UNTIL"] = [_until(one, start, zones) for one in listed(rule["UNTIL"])]


def name_as_series(events: list[Entry], zones: CalendarZones) -> None:
    """Name what an event stands in for, and what is left out, as its series does: by days, or by times.

    Writers mix them up; the library would find no such day or time, and two would be on duty.
    """
    series = {
        str(one.get("UID", "")): one["DTSTART"].dt for one in events if one.get("RECURRENCE-ID") is None
    }
    for event in events:
        start = series.get(str(event.get("UID", "")))
        for one in listed(event.get("RECURRENCE-ID")):
            one.dt = _of_kind(one.dt, start, zones)
        if not isinstance(start, datetime):  # of a series of times the library leaves out the whole day
            for single in (single for one in listed(event.get("EXDATE")) for single in one.dts):
                single.dt = _of_kind(single.dt, start, zones)


def first_instant(value: date, zones: CalendarZones) -> datetime:
    """A time as it is; of a day its first instant."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), zones.floating())


def ends_of(event: Entry, zones: CalendarZones) -> tuple[datetime, datetime]:
    """When an event begins and ends. Without an end a day is that day, an instant has no length (3.6.1)."""
    start = event["DTSTART"].dt
    begin = first_instant(start, zones)
    if event.get("DTEND") is not None:
        return begin, first_instant(event["DTEND"].dt, zones)
    if event.get("DURATION") is not None:
        return begin, later(begin, event["DURATION"].dt)
    return begin, first_instant(start + timedelta(days=1), zones) if not isinstance(
        start, datetime
    ) else begin


def later(begin: datetime, length: timedelta) -> datetime:
    """So much later: days by the clocks on the wall, hours as they really are (RFC 5545, 3.3.6)."""
    days = begin + timedelta(days=length.days)
    hours = length - timedelta(days=length.days)
    return (days.astimezone(UTC) + hours).astimezone(begin.tzinfo) if hours else days


def _zone_name(value: Any) -> str | None:
    name = value.params.get("TZID")
    return None if name is None else str(name)


def _moved(value: Any, name: str | None, zones: CalendarZones) -> Any:
    """A time, or both ends of a period; days stay, and what is said in UTC."""
    if isinstance(value, tuple):
        return tuple(one if isinstance(one, timedelta) else _moved(one, name, zones) for one in value)
    if not isinstance(value, datetime) or (name is None and value.tzinfo is not None):
        return value
    where = zones.floating() if name is None else zones.named(name)
    return value if where is None else value.replace(tzinfo=where)


def _of_kind(value: date, start: date | None, zones: CalendarZones) -> date:
    if start is None or isinstance(value, datetime) == isinstance(start, datetime):
        return value
    if isinstance(start, datetime):
        return datetime.combine(value, start.timetz())
    return first_instant(value, zones).astimezone(zones.floating()).date()


def _until(value: date, start: date, zones: CalendarZones) -> date:
    """The last instant, or day, of a series, of the same kind as its first one, as writers mean it."""
    if not isinstance(start, datetime):
        if not isinstance(value, datetime):
            return value
        where = zones.floating()
        return value.astimezone(where).date() if value.tzinfo is not None else value.date()
    if not isinstance(value, datetime):
        value = datetime.combine(value, _LAST)
    return (value if value.tzinfo is not None else value.replace(tzinfo=start.tzinfo)).astimezone(UTC)


def listed(value: Any) -> list[Any]:
    """The properties of one name, of which the library gives none, one, or a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
