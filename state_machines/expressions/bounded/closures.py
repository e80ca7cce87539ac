"""From the tree of an expression to closures: a function a node, which takes the run and gives the value.

A step is counted for each item that a loop walks, times the parts of its body, and for all that a function
looks through; what stands outside of loops is bounded by the text. `&&` and `||` know the value of a whole
whose one side fails, as CEL's do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded.calls import call_of
from state_machines.expressions.bounded.checked_tree import (
    Call,
    Constant,
    ListOf,
    Loop,
    MapOf,
    Name,
    Node,
    Select,
)
from state_machines.expressions.bounded.kinds import (
    TYPE_NAMES,
    Optional,
    key_of,
    kind_of,
    no_overload,
)
from state_machines.expressions.bounded.loops import (
    ADVICE,
    Closure,
    any_of,
    collected,
    list_from,
    parts_of,
    walked,
)
from state_machines.expressions.bounded.optional_chains import (
    ABSENT,
    OptionalChains,
    is_chain,
    select_of_optional,
)
from state_machines.expressions.bounded.run import (
    BYTES_OF_A_VALUE,
    FIRST_PLACE,
    VIEW,
    Failed,
    Run,
    spend_bytes,
    spend_steps,
)

if TYPE_CHECKING:
    from state_machines.expressions.functions import Function


class Closures:
    """Makes the closures of one expression.

    Args:
        variables: how the value of each variable is found in a view, by name.
        functions: those written in Python, by name.
        lists_only: whether nothing but lists may be walked; else ``exists`` and ``all`` walk maps, too.
    """

    def __init__(
        self,
        variables: Mapping[str, Callable[[Any], Any]],
        functions: Mapping[str, Function],
        *,
        lists_only: bool = False,
    ) -> None:
        self._variables = variables
        self._functions = functions
        self._lists_only = lists_only
        self._bound: dict[str, Closure] = {}
        self._optional = OptionalChains(self.of)
        self._special: Mapping[str, Callable[..., Closure]] = {
            "_&&_": self._and,
            "_||_": self._or,
            "_?_:_": self._choice,
            "@not_strictly_false": self._not_strictly_false,
            "optional.of": self._optional.optional_of,
            "optional.ofNonZeroValue": self._optional.optional_of_non_zero,
            "optional.none": self._optional.optional_none,
            "orValue": self._optional.or_value,
            "or": self._optional.or_optional,
            "hasValue": self._optional.has_value,
            "value": self._optional.value,
        }
        """Those that do not find all of their arguments before they begin."""
        self.places = 0
        """How many values of bound variables a run must have room for."""

    def of(self, node: Node) -> Closure:
        """The closure of a node."""
        match node:
            case Constant(value):
                return lambda run: value
            case Name(name):
                return self._name(name)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListOf():
                return self._list(node)
            case MapOf():
                return self._map(node)
            case Loop():
                return self._loop(node)

    def _name(self, name: str) -> Closure:
        bound = self._bound.get(name)
        if bound is not None:
            return bound
        read = self._variables.get(name)
        if read is not None:
            return lambda run: read(run[VIEW])
        known = TYPE_NAMES.get(name)
        if known is None:
            raise ValueError(f"no variable {name!r}")
        return lambda run: known

    def _select(self, node: Select) -> Closure:
        field = node.field
        if node.tests:
            return self._optional.has(node)
        if is_chain(node.operand):
            return self._optional.as_optional(self._optional.chain(node))
        inner = self.of(node.operand)

        def select(run: Run) -> Any:
            value = inner(run)
            if type(value) is dict:
                try:
                    return value[field]
                except KeyError:
                    raise Failed(f'Key not found in map : "{field}"') from None
            if isinstance(value, Optional):
                return select_of_optional(value, field)
            raise Failed(f"{kind_of(value)} has no field {field!r}")

        return select

    def _call(self, node: Call) -> Closure:
        function, arguments = node.function, node.arguments
        if is_chain(node):
            return self._optional.as_optional(self._optional.chain(node))
        special = self._special.get(function)
        if special is not None:
            return special(*arguments)
        parts = [self.of(one) for one in arguments]
        made = call_of(function, node.method, parts, self._functions)
        if arguments and all(isinstance(one, Constant) for one in arguments) and function != "_[_]":
            return _once(made)
        return made

    # Operators that do not evaluate all of their arguments.

    def _and(self, left: Node, right: Node) -> Closure:
        return _logical(self.of(left), self.of(right), False, "_&&_")

    def _or(self, left: Node, right: Node) -> Closure:
        return _logical(self.of(left), self.of(right), True, "_||_")

    def _choice(self, condition: Node, one: Node, other: Node) -> Closure:
        asked, yes, no = self.of(condition), self.of(one), self.of(other)

        def choice(run: Run) -> Any:
            holds = asked(run)
            if holds is True:
                return yes(run)
            if holds is False:
                return no(run)
            raise no_overload("_?_:_", holds)

        return choice

    def _not_strictly_false(self, value: Node) -> Closure:
        return _not_strictly_false(self.of(value))

    # What makes lists and maps.

    def _list(self, node: ListOf) -> Closure:
        size = BYTES_OF_A_VALUE * (len(node.elements) + 1)
        if not node.optional:
            parts = [self.of(one) for one in node.elements]

            def made(run: Run) -> list[Any]:
                spend_bytes(run, size)
                return [part(run) for part in parts]

            return made
        steps = [
            (self._optional.chain(one) if place in node.optional else self.of(one))
            for place, one in enumerate(node.elements)
        ]

        def made_of_present(run: Run) -> list[Any]:
            spend_bytes(run, size)
            return [value for value in (step(run) for step in steps) if value is not ABSENT]

        return made_of_present

    def _map(self, node: MapOf) -> Closure:
        size = 2 * BYTES_OF_A_VALUE * (len(node.entries) + 1)
        entries = [
            (self.of(key), self._optional.chain(value) if optional else self.of(value))
            for key, value, optional in node.entries
        ]

        def made(run: Run) -> dict[Any, Any]:
            spend_bytes(run, size)
            found: dict[Any, Any] = {}
            for key, value in entries:
                name = key_of(key(run))
                said = value(run)
                if said is ABSENT:
                    continue
                if name in found:
                    raise Failed("duplicate key in map")
                found[name] = said
            return found

        return made

    # Loops: what macros and `cel.bind` come down to.

    def _loop(self, node: Loop) -> Closure:
        if node.goes_on_while == Constant(False):
            return self._bind(node)
        over, item = self.of(node.over), self._place()
        if self._lists_only:
            over = list_from(over)
        with self._known(node.variable, operator.itemgetter(item)):
            return self._macro(node, over, item) or self._any_loop(node, over, item)

    def _bind(self, node: Loop) -> Closure:
        """``cel.bind``: the value is found when it is first asked for, as CEL does it."""
        value, place = self.of(node.begins_as), self._place()

        def bound(run: Run) -> Any:
            found = run[place]
            if found is ABSENT:
                found = run[place] = value(run)
            return found

        with self._known(node.result_variable, bound):
            result = self.of(node.result)

        def bind(run: Run) -> Any:
            run[place] = ABSENT
            return result(run)

        return bind

    def _macro(self, node: Loop, over: Closure, item: int) -> Closure | None:
        """The loop of a macro, written out: no result is made anew at each turn."""
        so_far = Name(node.result_variable)
        match node.step:
            case Call("_||_", (left, asked)) if left == so_far and node.begins_as == Constant(False):
                return any_of(over, item, self.of(asked), parts_of(asked), True)
            case Call("_&&_", (left, asked)) if left == so_far and node.begins_as == Constant(True):
                return any_of(over, item, self.of(asked), parts_of(asked), False)
            case Call("_+_", (left, ListOf((element,), _))) if left == so_far:
                self._check_order(node.over)
                return collected(over, item, None, self.of(element), parts_of(element))
            case Call("_?_:_", (asked, Call("_+_", (left, ListOf((element,), _))), other)) if (
                left == so_far and other == so_far
            ):
                self._check_order(node.over)
                parts = parts_of(asked) + parts_of(element)
                return collected(over, item, self.of(asked), self.of(element), parts)
        return None

    def _check_order(self, over: Node) -> None:
        """Refuse what is a map for sure; for the rest it is seen when it is walked."""
        match over:
            case MapOf():
                raise ValueError(ADVICE)
            case Call(function) if function in self._functions and self._functions[function].gives == "map":
                raise ValueError(ADVICE)

    def _any_loop(self, node: Loop, over: Closure, item: int) -> Closure:
        begins_as, so_far = self.of(node.begins_as), self._place()
        with self._known(node.result_variable, operator.itemgetter(so_far)):
            going, step, result = self.of(node.goes_on_while), self.of(node.step), self.of(node.result)
        parts = parts_of(node.step) + parts_of(node.goes_on_while)

        def loop(run: Run) -> Any:
            values = walked(over(run))
            run[so_far] = begins_as(run)
            for value in values:
                spend_steps(run, parts)
                run[item] = value
                if going(run) is False:
                    break
                run[so_far] = step(run)
            return result(run)

        return loop

    def _place(self) -> int:
        self.places += 1
        return FIRST_PLACE + self.places - 1

    @contextmanager
    def _known(self, name: str, closure: Closure) -> Iterator[None]:
        """The name stands for this while the parts are made that see it."""
        outside = self._bound
        self._bound = {**outside, name: closure}
        try:
            yield
        finally:
            self._bound = outside


def _logical(left: Closure, right: Closure, decides: bool, name: str) -> Closure:
    """``||`` is decided by a side that is true, ``&&`` by one that is false, whatever the other one does."""

    def logical(run: Run) -> bool:
        failure: Failed | None = None
        one: Any = None
        try:
            one = left(run)
        except Failed as error:
            failure = error
        if one is decides:
            return bool(decides)
        other = right(run) if failure is None and type(one) is bool else _or_none(right, run)
        if other is decides:
            return bool(decides)
        if failure is not None:
            raise failure
        if type(one) is bool and type(other) is bool:
            return not decides
        raise no_overload(name, one, other)

    return logical


def _or_none(closure: Closure, run: Run) -> Any:
    """The value, or None where it fails: the other side's failure is the one that is told."""
    try:
        return closure(run)
    except Failed:
        return None


def _once(closure: Closure) -> Closure:
    """A call whose arguments stand in the text gives the same value each time: found at the first."""
    known: list[Any] = []

    def once(run: Run) -> Any:
        if not known:
            known.append(closure(run))
        return known[0]

    return once


def _not_strictly_false(closure: Closure) -> Closure:
    def not_false(run: Run) -> bool:
        try:
            return closure(run) is not False
        except Failed:
            return True

    return not_false
