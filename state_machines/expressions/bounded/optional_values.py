"""Values that may be absent, and what a step of a chain (``data.?customer.name``) finds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from state_machines.expressions.bounded.checked_tree import Uint
from state_machines.expressions.bounded.kinds import NOTHING_THERE, Optional, key_of, kind_of, no_overload
from state_machines.expressions.bounded.run import Failed

ABSENT: Any = object()
"""What a chain gives that leads nowhere."""


def _held(value: Any) -> Any:
    """What an optional value holds, or `ABSENT`; any other value as it is."""
    if isinstance(value, Optional):
        return ABSENT if value is NOTHING_THERE else value.value
    return value


def step(value: Any, name: Any) -> Any:
    """What stands under this name or index at the end of a chain, or `ABSENT`. Raises Failed."""
    value = _held(value)
    if value is ABSENT:
        return ABSENT
    if type(value) is dict:
        return value.get(name if type(name) is str else key_of(name), ABSENT)
    if type(value) is list and type(name) in (int, Uint, float):
        if type(name) is float and not name.is_integer():
            raise no_overload("_[?_]", value, name)
        return value[int(name)] if 0 <= name < len(value) else ABSENT
    raise no_overload("_[?_]", value, name)


def end_of(value: Any) -> Any:
    """What an optional value holds, or `ABSENT`. Raises Failed for a value that is not optional."""
    if isinstance(value, Optional):
        return _held(value)
    raise no_overload("optional", value)


def as_optional(end: Any) -> Optional:
    """The end of a chain as an optional value."""
    return NOTHING_THERE if end is ABSENT else Optional(end)


def has(value: Any, field: str) -> bool:
    """``has(value.field)``. Raises Failed."""
    value = _held(value)
    if value is ABSENT:
        return False
    if type(value) is dict:
        return field in value
    raise no_overload("has", value)


def select(value: Any, field: str) -> Any:
    """``value.field``. Raises Failed."""
    if type(value) is dict:
        if field in value:
            return value[field]
        raise Failed(f'Key not found in map : "{field}"')
    if isinstance(value, Optional):
        return _select_of_optional(value, field)
    raise Failed(f"{kind_of(value)} has no field {field!r}")


def _select_of_optional(optional: Optional, field: str) -> Optional:
    if optional is NOTHING_THERE:
        return optional
    if type(optional.value) is not dict:
        raise Failed(f"{kind_of(optional.value)} has no field {field!r}")
    return Optional(optional.value[field]) if field in optional.value else NOTHING_THERE


def of_non_zero(value: Any) -> Optional:
    """``optional.ofNonZeroValue(value)``."""
    return Optional(value) if value or type(value) is datetime else NOTHING_THERE


def value_of(end: Any) -> Any:
    """``optional.value()``. Raises Failed."""
    if end is ABSENT:
        raise Failed("optional.none() dereference")
    return end
