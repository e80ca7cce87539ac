"""Functions that are seldom called and hard to equal are those of CEL's library, called with our values.

Regular expressions, the texts of numbers and of lengths of time, the parts of an instant in a zone: what they
cost grows with their arguments alone, and these are weighed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from state_machines.expressions.bounded.checked_tree import Uint
from state_machines.expressions.bounded.kinds import weigh
from state_machines.expressions.bounded.run import BYTES_OF_A_VALUE, Failed, Run, spend_bytes, spend_steps
from state_machines.expressions.extensions import extensions

_WRITTEN = {"math.@max": "math.greatest", "math.@min": "math.least"}
"""Functions that a macro stands for: no text can name them."""
_PLAIN = frozenset({str, int, Uint, float, bool, bytes, type(None), datetime, timedelta})
_STEPS_OF_A_CALL = 20
_DYN = cel.Type.DYN
_KINDS: Mapping[type, Any] = {
    Uint: cel.Type.UINT,
    datetime: cel.Type.TIMESTAMP,
    timedelta: cel.Type.DURATION,
    bytes: cel.Type.BYTES,
}
"""Kinds that CEL's library does not take where any may come."""
_ERROR, _UINT = cel.Type.ERROR, cel.Type.UINT


def borrowed(function: str, method: bool) -> Callable[[list[Any], Run], Any]:
    """A function of CEL's library; the receiver is the first argument of a method."""

    grows = _GROWS.get(function)

    def call(values: list[Any], run: Run) -> Any:
        if function == "format" and len(values) == 2 and type(values[1]) is list:
            values = [values[0], *values[1]]
        for value in values:
            weigh(value, run)
            if not _fits(value):
                raise Failed(f"{function} takes no value of this kind: {type(value).__name__}")
        spend_steps(run, _STEPS_OF_A_CALL)
        if grows is not None:
            spend_bytes(run, grows(values))
        kinds = tuple(map(type, values))
        return _answer(_program(function, method, kinds), values, run)

    return call


def _length_joined(values: list[Any]) -> int:
    """Characters of ``list.join(separator)``, at most."""
    texts, separator = values[0], values[1] if len(values) > 1 else ""
    if type(texts) is not list or type(separator) is not str:
        return 0
    return len(texts) * len(separator) + sum(len(one) for one in texts if type(one) is str)


def _length_replaced(values: list[Any]) -> int:
    """Characters of ``text.replace(old, new)``, at most."""
    text, old, new = values[:3]
    if type(text) is not str or type(old) is not str or type(new) is not str:
        return 0
    return len(text) + (text.count(old) if old else len(text) + 1) * len(new)


_GROWS: Mapping[str, Callable[[list[Any]], int]] = {"join": _length_joined, "replace": _length_replaced}
"""Functions whose result may be much longer than what they are given: reckoned before they are called."""


def _answer(asked: tuple[Any, Any], values: list[Any], run: Run) -> Any:
    env, program = asked
    try:
        found = program.eval(env.Activation({f"a{place}": value for place, value in enumerate(values)}))
        plain = found.plain_value()
    except (RuntimeError, TypeError) as error:
        raise Failed(str(error)) from None
    kind = found.type()
    if kind == _ERROR:
        raise Failed(str(plain))
    if kind == _UINT:
        return Uint(plain)
    if isinstance(plain, bytearray):
        plain = bytes(plain)
    if isinstance(plain, str | bytes):
        spend_bytes(run, len(plain))
    elif isinstance(plain, list | dict):
        weigh(plain, run)
        spend_bytes(run, BYTES_OF_A_VALUE * len(plain))
    return plain


@lru_cache(maxsize=256)
def _program(function: str, method: bool, kinds: tuple[type, ...]) -> tuple[Any, Any]:
    """The environment and the program of a call with arguments of these kinds. Raises Failed."""
    names = [f"a{place}" for place in range(len(kinds))]
    variables = {name: _KINDS.get(kind, _DYN) for name, kind in zip(names, kinds, strict=True)}
    env = cel.NewEnv(variables=variables, extensions=extensions(), functions=[])
    said = _WRITTEN.get(function, function)
    given = ", ".join(names[1:])
    if function == "format":
        given = f"[{given}]"  # what is in it may be of kinds that no list of the library's can hold
    text = f"{names[0]}.{said}({given})" if method else f"{said}({', '.join(names)})"
    try:
        return env, env.compile(text)
    except RuntimeError as error:
        raise Failed(f"No matching overloads found : {said}: {error}") from None


def _fits(value: Any) -> bool:
    """Whether CEL's library can be handed this: no instant and no length of time within a list or a map."""
    kind = type(value)
    if kind is list:
        return all(_fits_inside(one) for one in value)
    if kind is dict:
        return all(type(name) is str and _fits_inside(one) for name, one in value.items())
    return kind in _PLAIN


def _fits_inside(value: Any) -> bool:
    return type(value) not in (datetime, timedelta) and _fits(value)
