"""CEL's arithmetic and indexes on plain Python values, with its types, its limits of numbers and its errors.

Source: cel-spec, doc/langdef.md ("Values", "Standard Definitions").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from state_machines.expressions.bounded.checked_tree import Uint
from state_machines.expressions.bounded.kinds import NOTHING_THERE, Optional, key_of, no_overload
from state_machines.expressions.bounded.run import (
    BYTES_OF_A_VALUE,
    Failed,
    Run,
    spend_bytes,
    spend_steps,
)

_LEAST, _MOST, _MOST_UNSIGNED = -(2**63), 2**63 - 1, 2**64 - 1
_LONGEST = timedelta(seconds=315_576_000_000)
"""Of a protobuf duration; CEL has no longer one."""
_FURTHEST = timedelta(microseconds=2**63 // 1000)
"""Between two instants: CEL counts nanoseconds in 64 bits."""


def at_index(container: Any, index: Any) -> Any:
    """``container[index]``. Raises Failed."""
    if type(container) is dict:
        try:
            return container[index if type(index) is str else key_of(index)]
        except KeyError:
            raise Failed(f"Key not found in map : {_shown(index)}") from None
    if type(container) is list:
        kind = type(index)
        if kind is float and index.is_integer():
            index = int(index)
        elif kind not in (int, Uint):
            raise no_overload("_[_]", container, index)
        if not 0 <= index < len(container):
            raise Failed(f"Index error: index={index} size={len(container)}")
        return container[index]
    if isinstance(container, Optional):
        return _at_index_of_optional(container, index)
    raise no_overload("_[_]", container, index)


def _at_index_of_optional(optional: Optional, index: Any) -> Optional:
    if optional is NOTHING_THERE:
        return optional
    if type(optional.value) not in (dict, list):
        raise no_overload("_[_]", optional.value, index)
    try:
        return Optional(at_index(optional.value, index))
    except Failed:
        return NOTHING_THERE


def _shown(index: Any) -> str:
    return f'"{index}"' if type(index) is str else str(index)


def whole(value: int) -> int:
    """A signed number within its limits. Raises Failed."""
    if not _LEAST <= value <= _MOST:
        raise Failed("integer overflow")
    return value


def unsigned(value: int) -> Uint:
    """An unsigned number within its limits. Raises Failed."""
    if not 0 <= value <= _MOST_UNSIGNED:
        raise Failed("unsigned integer overflow")
    return Uint(value)


def instant_within(make: Callable[[], datetime]) -> datetime:
    """An instant of the years 1 to 9999. Raises Failed."""
    try:
        return make()
    except OverflowError:
        raise Failed("timestamp overflow") from None


def length_within(value: timedelta) -> timedelta:
    """A duration within protobuf's limits. Raises Failed."""
    if not -_LONGEST <= value <= _LONGEST:
        raise Failed("duration overflow")
    return value


def added(one: Any, other: Any, run: Run) -> Any:
    """``one + other``."""
    kind, others = type(one), type(other)
    if kind is others:
        if kind is str or kind is bytes:
            spend_bytes(run, len(one) + len(other))
            return one + other
        if kind is int:
            return whole(one + other)
        if kind is list:
            length = len(one) + len(other)
            spend_steps(run, length >> 3)
            spend_bytes(run, BYTES_OF_A_VALUE * length)
            return one + other
        if kind is float:
            return one + other
        if kind is Uint:
            return unsigned(int(one) + int(other))
        if kind is timedelta:
            return _length(lambda: one + other)
    elif kind is datetime and others is timedelta:
        return instant_within(lambda: one + other)
    elif kind is timedelta and others is datetime:
        return instant_within(lambda: other + one)
    raise no_overload("_+_", one, other)


def _length(make: Callable[[], timedelta]) -> timedelta:
    try:
        return length_within(make())
    except OverflowError:
        raise Failed("duration overflow") from None


def subtracted(one: Any, other: Any) -> Any:
    """``one - other``."""
    kind, others = type(one), type(other)
    if kind is others:
        if kind is int:
            return whole(one - other)
        if kind is float:
            return one - other
        if kind is datetime:
            between = one - other
            if abs(between) >= _FURTHEST:
                raise Failed("integer overflow")
            return between
        if kind is timedelta:
            return _length(lambda: one - other)
        if kind is Uint:
            return unsigned(int(one) - int(other))
    elif kind is datetime and others is timedelta:
        return instant_within(lambda: one - other)
    raise no_overload("_-_", one, other)


def multiplied(one: Any, other: Any) -> Any:
    """``one * other``."""
    kind = type(one)
    if kind is type(other):
        if kind is int:
            return whole(one * other)
        if kind is float:
            return one * other
        if kind is Uint:
            return unsigned(int(one) * int(other))
    raise no_overload("_*_", one, other)


def divided(one: Any, other: Any) -> Any:
    """``one / other``; whole numbers are cut off towards zero."""
    kind = type(one)
    if kind is type(other):
        if kind is float:
            return _float_quotient(one, other)
        if kind in (int, Uint):
            if other == 0:
                raise Failed("divide by zero")
            quotient = abs(int(one)) // abs(int(other))
            return (
                Uint(quotient) if kind is Uint else whole(quotient if (one < 0) is (other < 0) else -quotient)
            )
    raise no_overload("_/_", one, other)


def _float_quotient(one: float, other: float) -> float:
    if other != 0.0:
        return one / other
    if one == 0.0 or math.isnan(one):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, other)


def remainder(one: Any, other: Any) -> Any:
    """``one % other``, with the sign of `one`."""
    kind = type(one)
    if kind is type(other) and kind in (int, Uint):
        if other == 0:
            raise Failed("modulus by zero")
        left = abs(int(one)) % abs(int(other))
        if kind is Uint:
            return Uint(left)
        if one == _LEAST and other == -1:
            raise Failed("integer overflow")
        return left if one >= 0 else -left
    raise no_overload("_%_", one, other)


def negated(value: Any) -> Any:
    """``-value``."""
    if type(value) is int:
        return whole(-value)
    if type(value) is float:
        return -value
    raise no_overload("-_", value)


def size_of(value: Any) -> int:
    """``size(value)``."""
    if type(value) in (str, bytes, list, dict):
        return len(value)
    raise no_overload("size", value)
