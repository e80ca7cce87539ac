"""What walks: the loops of CEL's macros, written out, so that no result is made anew at each turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded.checked_tree import (
    Call,
    Constant,
    ListOf,
    Loop,
    MapOf,
    Name,
    Node,
    count_of,
    parts_of,
)
from state_machines.expressions.bounded.kinds import BoolKey, kind_of
from state_machines.expressions.bounded.run import BYTES_OF_A_VALUE, Failed
from state_machines.expressions.bounded.source import Value
from state_machines.expressions.bounded.variables import Bound

if TYPE_CHECKING:
    from state_machines.expressions.bounded.translation import Translation
    from state_machines.expressions.functions import Function

ADVICE = "map() and filter() walk lists; an object has no order, so walk keys(object) instead"
_SMALL = frozenset({str, bool, int})
"""Kinds of values that hold no others."""
LISTS_ONLY = "walks an object, which has no order; only lists are walked"


class Loops:
    """Writes the lines of loops, and of ``cel.bind``, which is one; the translation writes the rest."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._source = translation.source

    def of(self, node: Loop) -> Value:
        """The value of a loop."""
        if node.goes_on_while == Constant(False):
            return self._bind(node)
        so_far = Name(node.result_variable)
        match node.step:
            case Call("_||_", (left, asked)) if left == so_far and node.begins_as == Constant(False):
                return self._any(node, asked, True)
            case Call("_&&_", (left, asked)) if left == so_far and node.begins_as == Constant(True):
                return self._any(node, asked, False)
        collects = _collects(node)
        return self._step_by_step(node) if collects is None else self._collected(node, *collects)

    def _bind(self, node: Loop) -> Value:
        """``cel.bind``: the value is found when it is first asked for, as CEL does it."""
        translation, source = self._translation, self._source
        source.shares = True
        later = translation.apart(node.begins_as)
        held = source.let("[ABSENT]")
        with translation.known(node.result_variable, Bound(held, later=later)):
            return translation.of(node.result)

    def _any(self, node: Loop, asked: Node, decides: bool) -> Value:
        """``exists`` (`decides` is true) and ``all`` (it is false)."""
        source = self._source
        over = self._over(node)
        result, failure = source.let(f"{not decides}"), source.let("None")
        with self._turn(node, over, count_of(asked)):
            before, holds = source.fails, source.new()
            with source.aside() as lines:
                value = self._translation.of(asked)
                source.line(f"{holds} = {value.text}")
            if source.fails > before:
                source.put(lines, inside="try:")
                with source.block("except Failed as error:"):
                    source.line(f"if {failure} is None: {failure} = error")
                    source.line("continue")
            else:
                source.put(lines)
            with source.block(f"if {holds} is {decides}:"):
                source.line(f"{result} = {decides}")
                source.line("break")
            if value.kind is not bool:
                name = "_||_" if decides else "_&&_"
                source.line(
                    f"if type({holds}) is not bool and {failure} is None:"
                    f" {failure} = no_overload({name!r}, {not decides}, {holds})"
                )
        with source.block("else:"):
            source.line(f"if {failure} is not None: raise {failure}")
        source.fails += 1
        return Value(result, bool, True)

    def _collected(self, node: Loop, asked: Node | None, element: Node) -> Value:
        """``map`` and ``filter``."""
        translation, source = self._translation, self._source
        over = self._over(node)
        source.line(f"if type({over.text}) is dict: raise Failed({ADVICE!r})")
        result = source.let("[]")
        with self._turn(node, over, count_of(element) + (0 if asked is None else count_of(asked))):
            if asked is not None:
                holds = translation.held(asked)
                if holds.kind is bool:
                    source.line(f"if not {holds.text}: continue")
                else:
                    source.line(f"if {holds.text} is False: continue")
                    source.line(f"if {holds.text} is not True: raise no_overload('_?_:_', {holds.text})")
            source.spend_bytes(BYTES_OF_A_VALUE)
            value = translation.of(element)
            source.line(f"{result}.append({value.text})")
        source.shares |= value.kind not in _SMALL and element != Name(node.variable)
        source.fails += 1
        return Value(result, list, value.json)

    def _step_by_step(self, node: Loop) -> Value:
        """Any other loop, such as that of ``exists_one``: as CEL does it."""
        translation, source = self._translation, self._source
        source.shares = True
        over = self._over(node)
        so_far = source.let(translation.of(node.begins_as).text)
        with translation.known(node.result_variable, Bound(so_far)):
            with self._turn(node, over, count_of(node.step) + count_of(node.goes_on_while)):
                source.line(f"if {translation.held(node.goes_on_while).text} is False: break")
                source.line(f"{so_far} = {translation.of(node.step).text}")
            source.fails += 1
            result = translation.of(node.result)
        return result

    def _over(self, node: Loop) -> Value:
        over = self._translation.held(node.over)
        if self._translation.lists_only:
            self._source.line(f"if type({over.text}) is dict: raise Failed({LISTS_ONLY!r})")
        return over

    @contextmanager
    def _turn(self, node: Loop, over: Value, parts: int) -> Iterator[None]:
        """What is written meanwhile is done for each item."""
        source, item = self._source, self._source.new("x")
        with (
            source.block(f"for {item} in walked({over.text}):"),
            self._translation.known(node.variable, Bound(item, over.json)),
        ):
            source.loops += 1
            try:
                source.spend(parts)
                yield
            finally:
                source.loops -= 1


def check_order(tree: Node, functions: Mapping[str, Function]) -> None:
    """Refuse ``map`` and ``filter`` of what is a map for sure; for the rest it is seen when it is walked.

    Raises:
        ValueError: there is one in this expression.
    """
    for node in parts_of(tree):
        if isinstance(node, Loop) and _collects(node) is not None:
            match node.over:
                case MapOf():
                    raise ValueError(ADVICE)
                case Call(function) if function in functions and functions[function].gives == "map":
                    raise ValueError(ADVICE)


def _collects(node: Loop) -> tuple[Node | None, Node] | None:
    """Of ``filter`` and ``map``: the condition for an item, if there is one, and what is kept of it."""
    so_far = Name(node.result_variable)
    match node.step:
        case Call("_+_", (left, ListOf((element,), _))) if left == so_far:
            return None, element
        case Call("_?_:_", (asked, Call("_+_", (left, ListOf((element,), _))), other)) if (
            left == so_far and other == so_far
        ):
            return asked, element
    return None


def walked(values: Any) -> Any:
    """What a loop walks: the items of a list, the names in a map."""
    if type(values) is list:
        return values
    if type(values) is dict:
        return [name.value if type(name) is BoolKey else name for name in values]
    raise Failed(f"{kind_of(values)} is nothing to walk")
