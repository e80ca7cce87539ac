"""From the plain mapping of a YAML file to the parts of a calendar, with every error named by its field."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.calendars.blocks import DAY_MINUTES, Block, parse_blocks
from state_machines.calendars.holiday_rules import HolidayRule, holiday_rule
from state_machines.values.instants import zone
from state_machines.values.time_errors import CalendarError, UnknownZone

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = {name: number for names in (WEEKDAYS, _LONG) for number, name in enumerate(names)}

Week = tuple[tuple[Block, ...], ...]
"""Blocks for Monday to Sunday."""


def read_zone(value: object) -> ZoneInfo | None:
    """The calendar's own zone, if it has one."""
    if value is None:
        return None
    try:
        return zone(value)  # type: ignore[arg-type]  # refuses what is not a text
    except UnknownZone as error:
        raise CalendarError(error.rule, error.message, "zone") from None


def read_week(value: object) -> Week:
    """Blocks by weekday: keys such as ``mon``, ``mon-fri``, ``fri-mon``, ``tue,thu``."""
    week: dict[int, tuple[Block, ...]] = {}
    for key, blocks in _mapping(value, "weekly").items():
        field = f"weekly.{key}"
        for number in _weekdays(key, field):
            if number in week:
                raise CalendarError("weekday-twice", f"{WEEKDAYS[number]} is given twice", field)
            week[number] = parse_blocks(blocks, field)
    days = tuple(week.get(number, ()) for number in range(7))
    for number, blocks in enumerate(days):
        after = days[(number + 1) % 7]
        if blocks and after and blocks[-1].end - DAY_MINUTES > after[0].start:
            names = f"{blocks[-1]} of {WEEKDAYS[number]} and {after[0]} of {WEEKDAYS[(number + 1) % 7]}"
            raise CalendarError("blocks-overlap", f"the blocks {names} overlap", f"weekly.{WEEKDAYS[number]}")
    return days


def read_holidays(value: object) -> tuple[HolidayRule, ...]:
    """One ``{country, subdivision}``, or a list of them."""
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_holidays(rule, f"holidays[{i}]") for i, rule in enumerate(value))
    return (_holidays(value, "holidays"),)


def _holidays(value: object, field: str) -> HolidayRule:
    rule = _mapping(value, field)
    refuse_unknown(rule, {"country", "subdivision"}, f"{field}.")
    return holiday_rule(rule.get("country"), rule.get("subdivision"), field)


def read_closed(value: object) -> frozenset[date]:
    """The dates that are closed although the week says otherwise."""
    if value is None:
        return frozenset()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise CalendarError("dates-form", f"{value!r} is not a list of dates such as [2026-12-24]", "closed")
    return frozenset(_date(day, f"closed[{i}]") for i, day in enumerate(value))


def read_open(value: object) -> dict[date, tuple[Block, ...]]:
    """The dates with blocks of their own, in place of whatever else would hold for them."""
    opened: dict[date, tuple[Block, ...]] = {}
    for key, blocks in _mapping(value, "open").items():
        day = _date(key, f"open.{key}")
        if day in opened:
            raise CalendarError("date-twice", f"{day} is given twice", f"open.{key}")
        opened[day] = parse_blocks(blocks, f"open.{key}")
    return opened


def refuse_unknown(mapping: Mapping[Any, Any], known: set[str], prefix: str = "") -> None:
    """Raise CalendarError for the first key that is not `known`: a misspelt one must not be ignored."""
    for key in mapping:
        if key not in known:
            raise CalendarError(
                "unknown-field", f"unknown; known are {', '.join(sorted(known))}", f"{prefix}{key}"
            )


def _mapping(value: object, field: str) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise CalendarError("mapping-form", f"{value!r} is not a mapping", field)
    return value


def _weekdays(key: object, field: str) -> Iterator[int]:
    for part in str(key).lower().split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if first not in _NUMBER or (dash and last not in _NUMBER):
            raise CalendarError(
                "unknown-weekday",
                f"{key!r} is not a weekday or a range of them such as 'sat' or 'mon-fri'",
                field,
            )
        number, end = _NUMBER[first], _NUMBER[last or first]
        yield number
        while number != end:
            number = (number + 1) % 7
            yield number


def _date(value: object, field: str) -> date:
    # YAML gives dates as dates; a time of day beside it would be lost, so it is refused.
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise CalendarError("date-form", f"{value!r} is not a date such as 2026-12-24", field)
