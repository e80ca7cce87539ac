"""Values of a log as JSON values of the type that the map gives them."""

import math
import re
from collections.abc import Callable
from typing import Any

import orjson

from workflow.replay.map_parts import DataRule, Value
from workflow.replay.patterns import captured

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


def converter(rule: DataRule, decimal: str) -> Converter:
    """A function from a value of the log to the JSON value of this field; `decimal` is the log's sign.

    It raises `Misfit`. A field of type ``date-time`` stays the text that it is: its zone may be the row's.
    """
    convert = _of_type(rule, rule.decimal or decimal)
    if rule.values:
        convert = _renamed(rule, convert)
    if rule.pattern is None:
        return convert
    pattern = rule.pattern
    return lambda value: convert(part_of(pattern, value))


def _of_type(rule: DataRule, decimal: str) -> Converter:
    if rule.type == "boolean":
        return lambda value: _truth(value, rule)
    if rule.type == "number" and decimal == ",":
        return lambda value: _number(_with_point(value))
    others: dict[str, Converter] = {"string": _string, "integer": _integer, "number": _number}
    return others.get(rule.type, lambda value: value)


def _renamed(rule: DataRule, convert: Converter) -> Converter:
    names = list(rule.values.items())

    def rename(value: Any) -> Any:
        for name, meant in names:
            if is_one_of(value, [name]):
                return convert(meant)
        if rule.others == "refuse":
            known = ", ".join(str(name) for name, _ in names[:10])
            raise Misfit("unknown-value", f"{value!r} is none of {known}")
        return convert(value)

    return rename


def part_of(pattern: str, value: Any) -> str:
    """The part of a text, or of a number's digits, that a pattern's group takes. Raises Misfit."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = orjson.dumps(value).decode() if is_number else value
    found = captured(pattern, text) if isinstance(text, str) else None
    if found is None:
        raise Misfit("pattern", f"{value!r} does not match the pattern {pattern!r}")
    return found


def _with_point(value: Any) -> Any:
    """A number with a decimal comma as one with a point; what has a point already is no such number."""
    if not isinstance(value, str):
        return value
    if "." in value:
        raise Misfit("number", f"{value!r} is not a number with a decimal comma")
    return value.replace(",", ".")


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
