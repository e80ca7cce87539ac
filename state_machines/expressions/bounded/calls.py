"""Closures of operators and functions all of whose arguments are found before they are called."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded import operators as op
from state_machines.expressions.bounded.borrowed import borrowed
from state_machines.expressions.bounded.conversions import CONVERSIONS, PARTS_OF_INSTANTS, UNUSUAL
from state_machines.expressions.bounded.kinds import no_overload, type_of, weigh, weigh_top
from state_machines.expressions.bounded.loops import Closure
from state_machines.expressions.bounded.regular_expressions import matches
from state_machines.expressions.bounded.run import Failed, Run, spend_steps

if TYPE_CHECKING:
    from state_machines.expressions.functions import Function

_COMPARISONS = {
    "_<_": ("<", operator.lt),
    "_<=_": ("<=", operator.le),
    "_>_": (">", operator.gt),
    "_>=_": (">=", operator.ge),
}
_TAKEN: Mapping[str, type] = {
    "string": str, "timestamp": datetime, "duration": timedelta, "bool": bool, "map": dict, "list": list,
}  # fmt: skip


def call_of(
    function: str, method: bool, parts: Sequence[Closure], functions: Mapping[str, Function]
) -> Closure:
    """The closure of a call: of an operator, of a function in Python, or of one of CEL's library."""
    return (
        _plain_call(function, parts)
        or _python_call(function, parts, functions)
        or _borrowed_call(function, method, parts)
    )


def _plain_call(function: str, parts: Sequence[Closure]) -> Closure | None:
    if len(parts) == 2:
        one, other = parts
        if function in _COMPARISONS:
            sign, compare = _COMPARISONS[function]
            return lambda run: op.compared(sign, compare, one(run), other(run))
        two = _TWO.get(function)
        if two is not None:
            return lambda run: two(one(run), other(run))
        counted = _TWO_COUNTED.get(function)
        if counted is not None:
            return lambda run: counted(one(run), other(run), run)
        text = _TEXT_TESTS.get(function)
        if text is not None:
            return _text_test(function, text, one, other)
    elif len(parts) == 1:
        single = _ONE.get(function)
        if single is not None:
            one = parts[0]
            return lambda run: single(one(run))
        if function in CONVERSIONS:
            return _conversion(function, CONVERSIONS[function], parts[0])
        if function in PARTS_OF_INSTANTS:
            return _conversion(function, PARTS_OF_INSTANTS[function], parts[0], method=True)
    return None


def _python_call(
    function: str, parts: Sequence[Closure], functions: Mapping[str, Function]
) -> Closure | None:
    known = functions.get(function)
    if known is None or len(parts) != len(known.takes):
        return None
    kinds = [_TAKEN.get(kind) for kind in known.takes]
    implementation = known.implementation
    count = weigh_top if known.shallow else weigh

    def call(run: Run) -> Any:
        values = [part(run) for part in parts]
        for value, kind in zip(values, kinds, strict=True):
            if kind is not None and type(value) is not kind:
                raise no_overload(function, *values)
            count(value, run)
        try:
            return implementation(*values)
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise Failed(f"{function}: {error}") from None

    return call


def _borrowed_call(function: str, method: bool, parts: Sequence[Closure]) -> Closure:
    call = borrowed(function, method)
    return lambda run: call([part(run) for part in parts], run)


def _not(value: Any) -> bool:
    if value is True:
        return False
    if value is False:
        return True
    raise no_overload("!_", value)


def _text_test(name: str, test: Callable[[str, str], bool], one: Closure, other: Closure) -> Closure:
    def tested(run: Run) -> bool:
        text, part = one(run), other(run)
        if type(text) is str and type(part) is str:
            spend_steps(run, len(text) >> 6)
            return test(text, part)
        raise no_overload(name, text, part)

    return tested


def _conversion(
    function: str, convert: Callable[[Any], Any], inner: Closure, *, method: bool = False
) -> Closure:
    """A conversion that Python does alike for the usual values; CEL's library does the rest."""
    rest = borrowed(function, method)

    def converted(run: Run) -> Any:
        value = inner(run)
        found = convert(value)
        return rest([value], run) if found is UNUSUAL else found

    return converted


_ONE: Mapping[str, Callable[[Any], Any]] = {
    "!_": _not,
    "-_": op.negated,
    "size": op.size_of,
    "dyn": lambda value: value,
    "type": type_of,
}
_TWO: Mapping[str, Callable[[Any, Any], Any]] = {
    "_-_": op.subtracted,
    "_*_": op.multiplied,
    "_/_": op.divided,
    "_%_": op.remainder,
    "_[_]": op.at_index,
}
_TWO_COUNTED: Mapping[str, Callable[[Any, Any, Run], Any]] = {
    "_+_": op.added,
    "_==_": op.equal,
    "_!=_": lambda one, other, run: not op.equal(one, other, run),
    "@in": op.is_in,
    "matches": matches,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}
