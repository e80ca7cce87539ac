"""CEL's equality, order and membership on plain Python values, and what is asked of texts.

Source: cel-spec, doc/langdef.md ("Equality", "Ordering").
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from state_machines.expressions.bounded.checked_tree import Uint
from state_machines.expressions.bounded.kinds import Optional, TypeName, key_of, no_overload
from state_machines.expressions.bounded.run import Failed, Run, spend_steps

_NUMBERS = frozenset({int, float, Uint})
_ALIKE = frozenset({str, bool, int, float, Uint, bytes, type(None), datetime, timedelta})
"""Two of one of these kinds are equal where Python says so."""


def equal(one: Any, other: Any, run: Run) -> bool:
    """``==``: values of different types are different, but numbers are equal by their value."""
    kind = type(one)
    if kind is type(other):
        if kind in _ALIKE:
            return bool(one == other)
        if kind is list:
            return _equal_lists(one, other, run)
        if kind is dict:
            return _equal_maps(one, other, run)
        if kind is Optional:
            return equal(one.value, other.value, run)
        if kind is TypeName:
            return bool(one == other)
        return one is other
    return kind in _NUMBERS and type(other) in _NUMBERS and bool(operator.eq(*_comparable(one, other)))


def _comparable(one: Any, other: Any) -> tuple[Any, Any]:
    """Two numbers as they are compared: beside a floating one, a whole one is floating, too."""
    if type(one) is float or type(other) is float:
        return float(one), float(other)
    return one, other


def _equal_lists(one: list[Any], other: list[Any], run: Run) -> bool:
    if len(one) != len(other):
        return False
    for mine, yours in zip(one, other, strict=True):
        spend_steps(run, 1)
        if not equal(mine, yours, run):
            return False
    return True


def _equal_maps(one: dict[Any, Any], other: dict[Any, Any], run: Run) -> bool:
    if len(one) != len(other):
        return False
    for name, mine in one.items():
        spend_steps(run, 1)
        if name not in other or not equal(mine, other[name], run):
            return False
    return True


ORDERED = frozenset({str, bool, bytes, datetime, timedelta, *_NUMBERS})
"""Two of one of these kinds are ordered as Python orders them."""
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compared(sign: str, one: Any, other: Any) -> bool:
    """``<`` and its like."""
    kind, others = type(one), type(other)
    if kind is others and kind in ORDERED:
        return _COMPARE[sign](one, other)
    if kind in _NUMBERS and others in _NUMBERS:
        return _COMPARE[sign](*_comparable(one, other))
    raise no_overload(f"_{sign}_", one, other)


def is_in(value: Any, container: Any, run: Run) -> bool:
    """``value in list``, ``name in map``."""
    if type(container) is list:
        for item in container:
            spend_steps(run, 1)
            if equal(value, item, run):
                return True
        return False
    if type(container) is dict:
        if type(value) is str:
            return value in container
        try:
            return key_of(value) in container
        except Failed:
            if type(value) is float:
                return False
            raise no_overload("@in", value, container) from None
    raise no_overload("@in", value, container)


def opposite(value: Any) -> bool:
    """``!value``."""
    if value is True or value is False:
        return not value
    raise no_overload("!_", value)


def contains(text: Any, part: Any, run: Run) -> bool:
    """``text.contains(part)``."""
    _look_through("contains", text, part, run)
    return part in text


def starts_with(text: Any, part: Any, run: Run) -> bool:
    """``text.startsWith(part)``."""
    _look_through("startsWith", text, part, run)
    return bool(text.startswith(part))


def ends_with(text: Any, part: Any, run: Run) -> bool:
    """``text.endsWith(part)``."""
    _look_through("endsWith", text, part, run)
    return bool(text.endswith(part))


def _look_through(name: str, text: Any, part: Any, run: Run) -> None:
    if type(text) is not str or type(part) is not str:
        raise no_overload(name, text, part)
    spend_steps(run, len(text) >> 6)
