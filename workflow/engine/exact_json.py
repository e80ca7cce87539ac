"""Whether a decoded value is JSON, and stays what it is when it is written and read again.

A text is read strictly where it comes in (`json_text`). Values that others decoded may hold more: Celery's
JSON has numbers that are not finite, integers of any size, and types of its own (``__type__``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from state_machines.errors import Problem

LEAST, MOST = -(2**63), 2**64 - 1
"""The integers that are kept exactly wherever they go."""

_LONG = 1e16
"""From here on numbers are whole, and written with an exponent."""
_RANGE = f"is not between {LEAST} and {MOST}; send it as text"
_AS_THEY_ARE = frozenset({str, bool, type(None)})
_MOST_LEVELS = 200
"""Deeper than any event may be; how deep that is, is asked elsewhere."""


def inexact(value: Any, field: str = "", levels: int = _MOST_LEVELS) -> Problem | None:
    """Why a value would not come back as it is: the first such value in it; None when all of it would.

    Args:
        field: its path, to name in the problem.
        levels: how deep is looked.
    """
    exactly = type(value)
    if exactly in _AS_THEY_ARE:
        return None
    if exactly is int:
        return None if LEAST <= value <= MOST else Problem(field, "integer-range", _RANGE)
    if exactly is float:
        return None if math.isfinite(value) else Problem(field, "finite", f"{value} is no JSON number")
    if isinstance(value, list | tuple | Mapping):
        if levels == 0:
            return None
        for name, item in _items(value):
            if name is None:
                return Problem(field, "json-data", "has a name that is not a text")
            found = inexact(item, inside(field, name), levels - 1)
            if found is not None:
                return found
        return None
    return Problem(field, "json-data", f"a value of type {exactly.__name__} is no JSON value")


def written_out(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """The same value, whole numbers of 64 bits as such where an exponent stood: a database writes them so.

    What lies more than so many levels deep is left as it is.
    """
    if type(value) is float:
        return int(value) if abs(value) >= _LONG and LEAST <= value <= MOST else value
    if levels == 0:
        return value
    if isinstance(value, dict):
        return {name: written_out(one, levels - 1) for name, one in value.items()}
    return [written_out(one, levels - 1) for one in value] if isinstance(value, list) else value


def inside(field: str, name: str | int) -> str:
    """The path of a member or an item of what stands at `field`."""
    if isinstance(name, int):
        return f"{field}[{name}]"
    return f"{field}.{name}" if field else name


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        # A number as a name would be taken for an item's place.
        return ((name if isinstance(name, str) else None, item) for name, item in value.items())
    return enumerate(value)
