"""What walks: the loops of CEL's macros, written out, so that no result is made anew at each turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from state_machines.expressions.bounded.checked_tree import Call, ListOf, Loop, MapOf, Node, Select
from state_machines.expressions.bounded.kinds import BoolKey, kind_of, no_overload
from state_machines.expressions.bounded.run import BYTES_OF_A_VALUE, Failed, Run, spend_bytes, spend_steps

Closure = Callable[[Run], Any]
ADVICE = "map() and filter() walk lists; an object has no order, so walk keys(object) instead"
LISTS_ONLY = "walks an object, which has no order; only lists are walked"


def any_of(over: Closure, item: int, asked: Closure, parts: int, decides: bool) -> Closure:
    """``exists`` (`decides` is true) and ``all`` (it is false)."""
    name = "_||_" if decides else "_&&_"

    def decided(run: Run) -> bool:
        failure: Failed | None = None
        for value in walked(over(run)):
            spend_steps(run, parts)
            run[item] = value
            try:
                holds = asked(run)
            except Failed as error:
                failure = failure or error
                continue
            if holds is decides:
                return bool(decides)
            if type(holds) is not bool:
                failure = failure or no_overload(name, not decides, holds)
        if failure is not None:
            raise failure
        return not decides

    return decided


def collected(over: Closure, item: int, asked: Closure | None, element: Closure, parts: int) -> Closure:
    """``map`` and ``filter``."""

    def made(run: Run) -> list[Any]:
        values = over(run)
        if type(values) is dict:
            raise Failed(ADVICE)
        found = []
        for value in walked(values):
            spend_steps(run, parts)
            run[item] = value
            if asked is not None:
                holds = asked(run)
                if holds is False:
                    continue
                if holds is not True:
                    raise no_overload("_?_:_", holds)
            spend_bytes(run, BYTES_OF_A_VALUE)
            found.append(element(run))
        return found

    return made


def list_from(over: Closure) -> Closure:
    def checked(run: Run) -> Any:
        values = over(run)
        if type(values) is dict:
            raise Failed(LISTS_ONLY)
        return values

    return checked


def walked(values: Any) -> Any:
    """What a loop walks: the items of a list, the names in a map."""
    if type(values) is list:
        return values
    if type(values) is dict:
        return [name.value if type(name) is BoolKey else name for name in values]
    raise Failed(f"{kind_of(values)} is nothing to walk")


def parts_of(node: Node) -> int:
    """How many parts an expression has."""
    match node:
        case Select(operand):
            return 1 + parts_of(operand)
        case Call(_, arguments):
            return 1 + sum(map(parts_of, arguments))
        case ListOf(elements):
            return 1 + sum(map(parts_of, elements))
        case MapOf(entries):
            return 1 + sum(parts_of(key) + parts_of(value) for key, value, _ in entries)
        case Loop():
            inner = (node.over, node.begins_as, node.goes_on_while, node.step, node.result)
            return 1 + sum(map(parts_of, inner))
    return 1
