"""What definitions may ask of a rotation: who is on duty, until when, and what is wrong with it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from state_machines.errors import Problem
from state_machines.values.instants import format_instant
from state_machines.values.json_values import to_json
from workflow.recovery.rotations.rotation import Rotation, RotationError, override_problems, parse_rotation


def on_duty(rotation: Any, instant: datetime) -> list[Any]:
    """``on_duty(rotation, instant)``: who is on duty then, each person once.

    A rotation that cannot be read has nobody on duty: who asks goes on to somebody else, and is not stopped.
    """
    known = _read(rotation)
    try:
        return [] if known is None else _once(known.on_duty(instant))
    except OverflowError:
        return []


def on_duty_between(rotation: Any, begin: datetime, end: datetime) -> list[Any]:
    """``on_duty_between(rotation, begin, end)``: who is on duty at some time of it, each once."""
    known = _read(rotation)
    try:
        if known is None:
            return []
        return _once(one for instant in known.changes(begin, end) for one in known.on_duty(instant))
    except OverflowError:
        return []


def next_hand_over(rotation: Any, instant: datetime) -> str:
    """``next_hand_over(rotation, instant)``: from when on others are on duty, as a text; or empty."""
    known = _read(rotation)
    try:
        if known is None:
            return ""
        present = _once(known.on_duty(instant))
        for change in known.changes(instant, None):
            if not _same(_once(known.on_duty(change)), present):
                return format_instant(change)
    except OverflowError:
        pass
    return ""


def rotation_fault(rotation: Any) -> str:
    """``rotation_fault(rotation)``: the first thing wrong with it: field, sentence and rule; or empty."""
    try:
        parse_rotation(to_json(rotation))
    except RotationError as error:
        return _told(error.problems[0])
    return ""


def override_fault(override: Any) -> str:
    """``override_fault(override)``: the first thing wrong with it: field, sentence and rule; or empty."""
    problems = override_problems(to_json(override))
    return _told(problems[0]) if problems else ""


def _told(problem: Problem) -> str:
    """Without a value, which might be personal; who asks keeps it for ever."""
    return f"{problem.field} {problem.message} [{problem.rule}]"


def _read(rotation: Any) -> Rotation | None:
    try:
        return parse_rotation(to_json(rotation))
    except RotationError:
        return None


def _once(people: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    for one in people:
        if one not in kept:
            kept.append(one)
    return kept


def _same(some: list[Any], others: list[Any]) -> bool:
    return len(some) == len(others) and all(one in others for one in some)
