"""A rotation as JSON says it, read and checked: turns with hand-overs, or shifts; overrides over either.

``{"members": [...], "handover": {"every": "P7D", "at": "09:00", "zone": "UTC", "from": "2026-01-05"}}`` or
``{"shifts": [{"from": ..., "to": ..., "people": [...]}]}``, each with ``overrides`` of the form of shifts.
"""

import heapq
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from state_machines.errors import Problem, StateMachineError
from workflow.recovery.rotations.handover import Handover
from workflow.recovery.rotations.reading import Reading

_MOST_HAND_OVERS = 2_000
"""So many are looked at ahead."""
_SHORTEST = timedelta(minutes=1)
_WALL = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(1970, 2200)


class RotationError(StateMachineError, ValueError):
    """A rotation cannot be used; `problems` says everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Shift:
    """People who are on duty from `begin` up to but not including `end`, both UTC."""

    begin: datetime
    end: datetime
    people: tuple[Any, ...]

    def covers(self, instant: datetime) -> bool:
        """Whether it is their duty at this instant."""
        return self.begin <= instant < self.end


@dataclass(frozen=True, slots=True)
class Rotation:
    """Who is on duty when.

    Attributes:
        turns: who takes duty in turn, each one or several people; empty where there are shifts.
        handover: when duty goes on; None where there are shifts.
        shifts: who is on duty at fixed times; several at once are on duty together.
        overrides: who is on duty instead; of several at once the last one counts.
    """

    turns: tuple[tuple[Any, ...], ...]
    handover: Handover | None
    shifts: tuple[Shift, ...]
    overrides: tuple[Shift, ...]

    def on_duty(self, instant: datetime) -> tuple[Any, ...]:
        """Who is on duty at an instant (UTC); nobody before the first hand-over and between shifts."""
        for override in reversed(self.overrides):
            if override.covers(instant):
                return override.people
        if self.handover is not None:
            number = self.handover.number_at(instant)
            return self.turns[number % len(self.turns)] if number >= 0 else ()
        return tuple(one for shift in self.shifts if shift.covers(instant) for one in shift.people)

    def changes(self, begin: datetime, end: datetime | None) -> Iterator[datetime]:
        """Instants after `begin` at which others may be on duty, in order, UTC.

        With `end`, `begin` itself and those before `end`. Hand-overs are told until everybody has had a turn
        after the last override and shift.
        """
        fixed = sorted(
            {at for one in (*self.shifts, *self.overrides) for at in (one.begin, one.end) if at > begin}
        )
        if end is not None:
            yield begin
            fixed = [at for at in fixed if at < end]
        for at in heapq.merge(fixed, self._hand_overs(begin, fixed[-1] if fixed else begin)):
            if end is not None and at >= end:
                return
            yield at

    def _hand_overs(self, begin: datetime, settled: datetime) -> Iterator[datetime]:
        if self.handover is None:
            return
        number, after = max(self.handover.number_at(begin) + 1, 0), 0
        for one in range(number, number + _MOST_HAND_OVERS):
            at = self.handover.instant(one)
            yield at
            after += at > settled
            if after > len(self.turns):
                return


def override_problems(document: object) -> list[Problem]:
    """What is wrong with one override, by the fields of its event."""
    reading = Reading()
    if not isinstance(document, Mapping):
        return [Problem("override", "object", "must be an object with from, to, people")]
    _shift(reading, document, "")
    return reading.problems


def parse_rotation(document: object) -> Rotation:
    """Read and check a rotation. Raises RotationError with all that is wrong: field and rule of each."""
    reading = Reading()
    if not isinstance(document, Mapping):
        raise RotationError([Problem("rotation", "object", "must be an object")])
    overrides = tuple(_shifts(reading, document.get("overrides"), "overrides"))
    handover: Handover | None = None
    turns: tuple[tuple[Any, ...], ...] = ()
    shifts: tuple[Shift, ...] = ()
    if document.get("shifts") is not None and document.get("handover") is not None:
        reading.wrong("shifts", "either-or", "and a handover exclude each other")
    elif document.get("shifts") is not None:
        shifts = tuple(_shifts(reading, document["shifts"], "shifts"))
    else:
        turns = tuple(_turns(reading, document.get("members")))
        handover = _handover(reading, document.get("handover"))
    if reading.problems:
        raise RotationError(reading.problems)
    return Rotation(turns, handover, shifts, overrides)


def _turns(reading: Reading, members: object) -> Iterator[tuple[Any, ...]]:
    for number, member in enumerate(reading.listed(members, "members")):
        yield tuple(reading.people(member if isinstance(member, list) else [member], f"members[{number}]"))


def _handover(reading: Reading, document: object) -> Handover | None:
    if not isinstance(document, Mapping):
        reading.wrong(
            "handover", "required", "must be an object with every, at, zone, from, unless there are shifts"
        )
        return None
    every = reading.duration(document.get("every"), "handover.every")
    where = reading.zone(document.get("zone"), "handover.zone")
    at, first = document.get("at"), document.get("from")
    wall = _WALL.fullmatch(at) if isinstance(at, str) else None
    if wall is None:
        reading.wrong("handover.at", "wall-time", "must be a time of day such as '09:00'")
    day = _day(first)
    if day is None:
        reading.wrong(
            "handover.from", "date", "must be a date such as '2026-01-05', the day of the first hand-over"
        )
    if every is not None and every < _SHORTEST:
        reading.wrong("handover.every", "too-short", "must be a minute or more, such as 'P7D'")
    if every is None or every < _SHORTEST or where is None or wall is None or day is None:
        return None
    return Handover(datetime.combine(day, time(int(wall[1]), int(wall[2]))), every, where)


def _day(text: object) -> date | None:
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _shifts(reading: Reading, written: object, field: str) -> Iterator[Shift]:
    if written is None:
        return
    for number, one in enumerate(reading.listed(written, field, empty=True)):
        place = f"{field}[{number}]"
        if not isinstance(one, Mapping):
            reading.wrong(place, "object", "must be an object with from, to, people")
            continue
        shift = _shift(reading, one, f"{place}.")
        if shift is not None:
            yield shift


def _shift(reading: Reading, document: Mapping[str, Any], place: str) -> Shift | None:
    begin = reading.instant(document.get("from"), f"{place}from")
    end = reading.instant(document.get("to"), f"{place}to")
    people = reading.people(document.get("people"), f"{place}people")
    if begin is None or end is None:
        return None
    if end <= begin:
        reading.wrong(f"{place}to", "order", "must be after `from`")
        return None
    return Shift(begin, end, tuple(people))
