"""``on_duty(rotation, instant)`` and ``rotation_fault(rotation)``, as definitions may call them."""

from datetime import datetime
from typing import Any

from state_machines.values.json_values import to_json
from workflow.recovery.rotations.rotation import RotationError, parse_rotation


def on_duty(rotation: Any, instant: datetime) -> list[Any]:
    """``on_duty(rotation, instant)``: who is on duty then, each person once.

    A rotation that cannot be read has nobody on duty: who asks goes on to somebody else, and is not stopped.
    """
    try:
        people = parse_rotation(to_json(rotation)).on_duty(instant)
    except (RotationError, OverflowError):
        return []
    kept: list[Any] = []
    for one in people:
        if one not in kept:
            kept.append(one)
    return kept


def rotation_fault(rotation: Any) -> str:
    """``rotation_fault(rotation)``: the first thing that is wrong with it, as ``field: rule``; or empty."""
    try:
        parse_rotation(to_json(rotation))
    except RotationError as error:
        first = error.problems[0]
        return f"{first.field}: {first.rule}"
    return ""
