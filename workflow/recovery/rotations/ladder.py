"""The hours of a ladder's levels: who of them can be told at an instant, and what is wrong with them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from state_machines.calendars import Calendar
from state_machines.calendars.written import ALWAYS, calendar_fault, written_calendar
from state_machines.subject import is_key
from state_machines.values.instants import format_instant
from state_machines.values.json_values import to_json
from state_machines.values.time_errors import TimeError

NEXT, WAIT = "next", "wait"
OF_THE_CUSTOMER = "customer"
_CALENDAR = "calendar:"
_STANDS_IN = re.compile(r"(rotation|team):\S.*")


class _Level(NamedTuple):
    """One level as it is written: its number, whom it names, and its hours (None: round the clock)."""

    number: int
    said: Mapping[str, Any]
    hours: Calendar | None

    @property
    def asks(self) -> list[str]:
        """The keys of those who are asked who is there, in order."""
        named = ((kind, self.said.get(kind)) for kind in ("rotation", "team"))
        return [f"{kind}:{name}" for kind, name in named if name]


def ladder_step(ladder: Any, level: Any, at: datetime) -> dict[str, Any]:
    """``ladder_step(data.ladder, level, now)``: who is told or asked then, at that level or above it.

    The first level whose hours it is, or that says who stands in for it outside of them (`outside`), or that
    waits for them. Where it is the hours of none, the one whose hours begin first.

    Returns:
        `way`: `told` (its `people`), `asked` (the keys in `asks`) or `waits` (until `opens`, a text);
        `level`: which; `hours`: those in which its time counts; `passed`: the levels that were passed over.
    """
    levels = list(_levels(to_json(ladder), int(level)))
    passed: list[int] = []
    for one in levels:
        outside = str(one.said.get("outside") or NEXT)
        if one.hours is None or one.hours.is_open(at):
            return _told(one, passed)
        if _STANDS_IN.fullmatch(outside):
            return _found("asked", one.number, passed, asks=[outside])
        if outside == WAIT:
            return _waits(one, passed, at)
        passed.append(one.number)
    first = min(levels, key=lambda one: (_opens(one, at), one.number))
    return _waits(first, passed[: first.number - levels[0].number], at)


def ladder_opening(ladder: Any, at: datetime) -> dict[str, Any]:
    """``ladder_opening(data.ladder, now)``: the level whose hours begin first, of all that are away.

    Returns:
        As `ladder_step`, its `way` being `waits`, or `nobody` where the hours of none begin.
    """
    away = [
        one
        for one in _levels(to_json(ladder), 0)
        if one.hours is not None and not one.hours.is_open(at) and _opens(one, at) > at
    ]
    if not away:
        return _found("nobody", 0, [])
    return _waits(min(away, key=lambda one: (_opens(one, at), one.number)), [], at)


def ladder_calendars(ladder: Any) -> list[str]:
    """``ladder_calendars(data.ladder)``: the keys of calendars that its levels name, each once."""
    names = (said.get("hours") for said in to_json(ladder) or () if isinstance(said, Mapping))
    return list(dict.fromkeys(f"{_CALENDAR}{name}" for name in names if _is_name(name)))


def ladder_in_hours(ladder: Any, calendar: str, hours: Any) -> list[Any]:
    """``ladder_in_hours(data.ladder, key, hours)``: the same, its levels that name it in its hours.

    Without hours, where nobody has set it, they are there round the clock.
    """
    known = to_json(hours) if isinstance(hours, Mapping) else ALWAYS
    return [
        {**said, "hours": known}
        if isinstance(said, Mapping) and f"{_CALENDAR}{said.get('hours')}" == calendar
        else said
        for said in to_json(ladder) or ()
    ]


def ladder_fault(ladder: Any) -> str:
    """``ladder_fault(event.data.ladder)``: what is wrong with what its levels say of hours; or empty."""
    for number, said in enumerate(to_json(ladder) or ()):
        field = f"ladder[{number}]"
        if not isinstance(said, Mapping):
            return f"{field} must be an object with people, team or rotation [object]"
        if said.get("hours") == OF_THE_CUSTOMER:
            return f"{field}.hours: a level is there in hours of its own, not in the customer's [customer]"
        if not _is_name(said.get("hours")) and (fault := calendar_fault(said.get("hours"))):
            return f"{field}.hours: {fault}"
        outside = said.get("outside")
        if outside is None:
            continue
        if not isinstance(outside, str) or not (outside in (NEXT, WAIT) or _STANDS_IN.fullmatch(outside)):
            return f"{field}.outside must be wait, next, rotation:NAME or team:NAME [choice]"
        if said.get("hours") in (None, ALWAYS):
            return f"{field}.outside says what happens outside of hours, and there are none [without-hours]"
    return ""


def _is_name(hours: object) -> bool:
    return isinstance(hours, str) and hours != ALWAYS and is_key(f"{_CALENDAR}{hours}")


def _levels(ladder: Sequence[Any], first: int) -> Iterator[_Level]:
    for number, said in enumerate(ladder):
        if number >= first and isinstance(said, Mapping):
            yield _Level(number, said, _hours(said.get("hours")))


def _hours(written: object) -> Calendar | None:
    """The one place where what a level says of its hours becomes a calendar: an object, or `always`.

    A name is asked for before (`ladder_calendars`). What cannot be read is round the clock: a ladder that is
    silent since somebody misspelt its hours would be the worse fault. `ladder_fault` says so at the door.
    """
    try:
        return written_calendar(written)
    except TimeError:
        return None


def _opens(level: _Level, at: datetime) -> datetime:
    """When its hours begin; at once, if they never do."""
    try:
        return at if level.hours is None else level.hours.next_open(at)
    except TimeError:
        return at


def _waits(level: _Level, passed: list[int], at: datetime) -> dict[str, Any]:
    opens = _opens(level, at)
    if opens <= at:  # they never begin: it is there round the clock
        return _told(level._replace(hours=None), passed)
    return _found("waits", level.number, passed, hours=level.said["hours"], opens=format_instant(opens))


def _told(level: _Level, passed: list[int]) -> dict[str, Any]:
    hours = ALWAYS if level.hours is None else level.said["hours"]
    people = list(level.said.get("people") or ())
    way = "told" if people else "asked"
    return _found(way, level.number, passed, hours=hours, people=people, asks=level.asks)


def _found(
    way: str,
    level: int,
    passed: list[int],
    *,
    hours: Any = ALWAYS,
    people: Sequence[Any] = (),
    asks: Sequence[str] = (),
    opens: str = "",
) -> dict[str, Any]:
    return {
        "way": way, "level": level, "passed": passed, "hours": hours,
        "people": list(people), "asks": list(asks) or [""], "opens": opens,
    }  # fmt: skip
