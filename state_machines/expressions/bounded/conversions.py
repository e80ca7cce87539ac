"""Conversions and parts of instants as Python has them, for the usual values; the rest is CEL's library's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from state_machines.expressions.bounded.checked_tree import Uint
from state_machines.expressions.bounded.run import Failed

UNUSUAL: Any = object()
"""What a conversion gives of a value that is left to CEL's library."""
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3}|\.[0-9]{6})?Z"
)
"""Of the texts that CEL takes for instants those that Python reads in the same way."""


def _string(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Uint:
        return str(int(value))
    if kind is bytes:
        return _decoded(value)
    if kind is datetime:
        text = value.replace(tzinfo=None).isoformat()
        return (text.rstrip("0") if value.microsecond else text) + "Z"
    return UNUSUAL


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Failed("malformed UTF-8 bytes") from None


def _int(value: Any) -> Any:
    if type(value) is int:
        return value
    if type(value) is Uint and value < 2**63:
        return int(value)
    return UNUSUAL


def _uint(value: Any) -> Any:
    if type(value) is Uint:
        return value
    return Uint(value) if type(value) is int and value >= 0 else UNUSUAL


def _double(value: Any) -> Any:
    return float(value) if type(value) in (int, float, Uint) else UNUSUAL


def _timestamp(value: Any) -> Any:
    if type(value) is datetime:
        return value
    if type(value) is str and _INSTANT.fullmatch(value) is not None:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return UNUSUAL
    return UNUSUAL


def _duration(value: Any) -> Any:
    return value if type(value) is timedelta else UNUSUAL


CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "string": _string,
    "int": _int,
    "uint": _uint,
    "double": _double,
    "timestamp": _timestamp,
    "duration": _duration,
}


def _part(read: Callable[[datetime], int]) -> Callable[[Any], Any]:
    return lambda value: read(value) if type(value) is datetime else UNUSUAL


PARTS_OF_INSTANTS: Mapping[str, Callable[[Any], Any]] = {
    "getFullYear": _part(lambda at: at.year),
    "getMonth": _part(lambda at: at.month - 1),
    "getDate": _part(lambda at: at.day),
    "getDayOfMonth": _part(lambda at: at.day - 1),
    "getDayOfWeek": _part(lambda at: at.isoweekday() % 7),
    "getDayOfYear": _part(lambda at: at.timetuple().tm_yday - 1),
    "getHours": _part(lambda at: at.hour),
    "getMinutes": _part(lambda at: at.minute),
    "getSeconds": _part(lambda at: at.second),
    "getMilliseconds": _part(lambda at: at.microsecond // 1000),
}
