"""What leaves an expression, as JSON: the only values that a subject's data and effects may hold."""

import math
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any

from state_machines.values.durations import format_duration
from state_machines.values.instants import format_instant

_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


class NotJson(ValueError):
    """A value that JSON cannot carry; the text says which and why."""


def to_json(value: Any) -> Any:
    """The JSON value for a plain Python one.

    Timestamps become RFC 3339 text and durations ISO 8601 text. The fields of a map come out in
    sorted order, since CEL gives them in none: what is stored must not differ from run to run.

    Raises:
        NotJson: bytes, a type, a number that is not finite, a map with names that are no texts.
    """
    exactly = type(value)
    if exactly in _AS_THEY_ARE:
        return value
    if exactly is dict:  # the commonest first: asking whether something is a Mapping takes its time
        return {name: to_json(value[name]) for name in _names(value)}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(f"{value} is no JSON number")
        return value
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, str | int):
        return value if isinstance(value, str) else int(value)
    if isinstance(value, Mapping):
        return {name: to_json(value[name]) for name in _names(value)}
    raise NotJson(f"a value of type {exactly.__name__} is no JSON value")


def _names(value: Mapping[Any, Any]) -> list[str]:
    for name in value:
        if not isinstance(name, str):
            raise NotJson(f"the name {name!r} in a map is not a text")
    return sorted(value)


def _duration(value: timedelta) -> str:
    if value < timedelta(0):
        raise NotJson(f"a negative duration ({value.total_seconds():g} s) has no ISO 8601 text here")
    return format_duration(value)


def identity(value: Any) -> Hashable:
    """What equal JSON values have in common: true is not 1, and the order of fields is nothing."""
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(part)) for name, part in value.items()))
    if isinstance(value, list):
        return ("list", tuple(map(identity, value)))
    return (isinstance(value, bool), value)


_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
    datetime: "an instant",
    timedelta: "a duration",
}


def kind(value: Any) -> str:
    """What a value is, for messages; what it says may be personal and stays out of them."""
    return _KINDS.get(type(value), type(value).__name__)
