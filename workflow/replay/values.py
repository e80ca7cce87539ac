"""Values of a log as JSON values of the type that the map gives them."""

import math
import re
from collections.abc import Callable
from typing import Any

import orjson

from state_machines.values.instants import format_instant
from workflow.replay.map import DataRule, ReplayMap, Value
from workflow.replay.times import instant_reader

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
_LARGEST = 2**63 - 1

Converter = Callable[[Any], Any]


class Misfit(ValueError):
    """A value that is not of the type that the map gives it; `rule` is the short name of what it breaks."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


def is_one_of(value: Any, values: list[Value]) -> bool:
    """Whether `value` is among `values`, where true or a number also stands for its text (TRUE, 7)."""
    return any(_same(value, one) for one in values)


def _same(value: Any, wanted: Value) -> bool:
    if isinstance(wanted, str) or not isinstance(value, str):
        return type(value) is type(wanted) and bool(value == wanted)
    return value.strip().lower() == orjson.dumps(wanted).decode()


def converter(rule: DataRule, wanted: ReplayMap) -> Converter:
    """A function from a value of the log to the JSON value of this field.

    It raises `Misfit`, and `TimeError` for a field of type ``date-time``.
    """
    convert = _of_type(rule, wanted)
    if rule.pattern is None:
        return convert
    pattern = re.compile(rule.pattern)
    return lambda value: convert(_captured(pattern, value))


def _of_type(rule: DataRule, wanted: ReplayMap) -> Converter:
    if rule.type == "date-time":
        time = wanted.time_of(rule)
        read = instant_reader(time.format, time.zone, time.ambiguous)
        return lambda value: format_instant(read(value))
    if rule.type == "boolean":
        return lambda value: _truth(value, rule)
    others: dict[str, Converter] = {"string": _string, "integer": _integer, "number": _number}
    return others.get(rule.type, lambda value: value)


def _captured(pattern: re.Pattern[str], value: Any) -> str:
    match = pattern.search(value) if isinstance(value, str) else None
    if match is None or match.group(1) is None:
        raise Misfit("pattern", f"{value!r} does not match the pattern {pattern.pattern!r}")
    return match.group(1)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Misfit("string", f"{value!r} is not text")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    raise Misfit("integer", f"{value!r} is not a whole number of 64 bits")


def _number(value: Any) -> float:
    found = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        found = float(value)
    if not math.isfinite(found):
        raise Misfit("number", f"{value!r} is not a finite number")
    return found


def _truth(value: Any, rule: DataRule) -> bool:
    if isinstance(value, bool):
        return value
    if is_one_of(value, rule.true):
        return True
    if is_one_of(value, rule.false):
        return False
    raise Misfit("boolean", f"{value!r} is neither true nor false")
