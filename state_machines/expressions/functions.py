"""The functions that definitions may call besides CEL's own. Pure, and JSON goes out of them.

Those here are the language's. A product registers its own before the first definition is compiled.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import product
from typing import Any, Literal

from cel_expr_python import cel

from state_machines.calendars.written import calendar_fault
from state_machines.expressions.calendar_functions import (
    add_business_time,
    business_time,
    is_open,
    next_opening,
    subtract_business_time,
)
from state_machines.expressions.fact_conditions import holds, why_not
from state_machines.subject import is_key
from state_machines.values.durations import parse_duration
from state_machines.values.json_values import identity, to_json

Kind = Literal["string", "timestamp", "duration", "bool", "map", "list", "json", "length"]
"""What a function takes and gives; ``json`` is any JSON value and ``length`` a duration or its text, and no
function gives either."""

_T = cel.Type
_TAKEN: Mapping[str, Any] = {
    "string": _T.STRING, "timestamp": _T.TIMESTAMP, "duration": _T.DURATION, "bool": _T.BOOL, "map": _T.MAP,
    "list": _T.LIST,
}  # fmt: skip
_GIVEN: Mapping[str, Any] = {
    **_TAKEN, "map": _T.Map(_T.STRING, _T.DYN), "list": _T.List(_T.DYN), "strings": _T.List(_T.STRING),
}  # fmt: skip
_JSON = (_T.STRING, _T.MAP, _T.NULL, _T.LIST, _T.BOOL, _T.INT, _T.DOUBLE)
"""CEL picks an implementation by the kinds of the arguments that it finds at run time, so a function that
takes any JSON value is declared once for each kind of them."""
_SEVERAL: Mapping[str, tuple[Any, ...]] = {"json": _JSON, "length": (_T.STRING, _T.DURATION)}


@dataclass(frozen=True, slots=True)
class Function:
    """A function of expressions.

    Attributes:
        name: by which expressions call it.
        takes: the kinds of its arguments, in order.
        gives: the kind of its result; ``strings`` is a list of texts.
        implementation: pure; what it raises ends the evaluation with an error.
        shallow: whether it looks at the first level of its arguments only: so much of it is counted.
    """

    name: str
    takes: tuple[Kind, ...]
    gives: Literal["string", "timestamp", "duration", "bool", "map", "list", "strings"]
    implementation: Callable[..., Any]
    shallow: bool = False


def iso_duration(text: str) -> timedelta:
    """``iso_duration('PT15M')``: the length of time an ISO 8601 text says. Raises DurationError."""
    return parse_duration(text)


def merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> Any:
    """``merge(a, b)``: the fields of both maps; where both have one, that of the second."""
    return {**first, **second}


def distinct(values: list[Any]) -> Any:
    """``distinct(list)``: each JSON value once, in the order of first appearance; no null, no empty text."""
    kept: dict[Hashable, Any] = {}
    for one in values:
        value = one if type(one) is str else to_json(one)
        if value is not None and value != "":
            kept.setdefault(value if type(value) is str else identity(value), value)
    return list(kept.values())


def keys(values: Mapping[str, Any]) -> list[str]:
    """``keys(map)``: its names, sorted. A map itself is walked in no particular order."""
    return sorted(values)


def is_blank(text: str) -> bool:
    """``is_blank('  ')``: whether a text says nothing: it is empty, or white space alone."""
    return not text or text.isspace()


def is_key_of(text: str, lifecycle: str) -> bool:
    """``is_key_of('promise:P-17', 'promise')``: whether a text is the key of a subject of this lifecycle."""
    return text.startswith(f"{lifecycle}:") and is_key(text)


_registered: dict[str, Function] = {}
_declared = False


def register(*functions: Function) -> None:
    """Let expressions call these functions, too. Registering the same once more changes nothing.

    Raises:
        ValueError: the name is taken, or an environment of expressions has been made already.
    """
    for one in functions:
        if _registered.get(one.name) == one:
            continue
        if one.name in _registered or any(one.name == own.name for own in LANGUAGE):
            raise ValueError(f"function: {one.name!r} is registered already")
        if _declared:
            raise ValueError(f"function: {one.name!r} comes too late, expressions have been compiled")
        _registered[one.name] = one


def known() -> Mapping[str, Function]:
    """All functions by name."""
    return {one.name: one for one in (*LANGUAGE, *_registered.values())}


@cache
def declarations() -> list[Any]:
    """All functions, as CEL's environment takes them: from now on there are no others."""
    global _declared
    _declared = True
    return [_declaration(one) for one in known().values()]


def _declaration(function: Function) -> Any:
    kinds = product(*(_SEVERAL.get(kind) or (_TAKEN[kind],) for kind in function.takes))
    overloads = [
        cel.Overload(
            f"{function.name}_{number}", _GIVEN[function.gives], list(takes), False, function.implementation
        )
        for number, takes in enumerate(kinds)
    ]
    return cel.FunctionDecl(function.name, overloads)


LANGUAGE = (
    Function("iso_duration", ("string",), "duration", iso_duration),
    Function("merge", ("map", "map"), "map", merge, shallow=True),
    Function("distinct", ("list",), "list", distinct),
    Function("keys", ("map",), "strings", keys, shallow=True),
    Function("is_blank", ("string",), "bool", is_blank),
    Function("is_key", ("string",), "bool", is_key),
    Function("is_key_of", ("string", "string"), "bool", is_key_of),
    Function("holds", ("string", "map"), "bool", holds),
    Function("why_not", ("string", "map"), "string", why_not),
    Function("is_open", ("json", "timestamp"), "bool", is_open),
    Function("next_opening", ("json", "timestamp"), "timestamp", next_opening),
    Function("add_business_time", ("json", "timestamp", "length"), "timestamp", add_business_time),
    Function("subtract_business_time", ("json", "timestamp", "length"), "timestamp", subtract_business_time),
    Function("business_time", ("json", "timestamp", "timestamp"), "duration", business_time),
    Function("calendar_fault", ("json",), "string", calendar_fault),
)
"""The functions that every definition may call."""
