"""From the tree of an expression to lines of Python.

A step is counted for each item that a loop walks, times the parts of its body, and for all that a function
looks through; what stands outside of loops is bounded by the text. `&&` and `||` know the value of a whole
whose one side fails, as CEL's do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from state_machines.expressions.bounded.calls import Calls
from state_machines.expressions.bounded.chains import Chains, is_chain
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
    BYTES_OF_AN_ENTRY,
    NOTHING_THERE,
    TYPE_NAMES,
    Optional,
    key_of,
    no_overload,
    put,
    type_of,
    weigh,
    weigh_top,
)
from state_machines.expressions.bounded.loops import Loops, walked
from state_machines.expressions.bounded.operators import (
    ORDERED,
    added,
    at_index,
    compared,
    contains,
    divided,
    ends_with,
    equal,
    is_in,
    multiplied,
    negated,
    opposite,
    remainder,
    size_of,
    starts_with,
    subtracted,
)
from state_machines.expressions.bounded.optional_values import (
    ABSENT,
    as_optional,
    end_of,
    has,
    of_non_zero,
    select,
    step,
    value_of,
)
from state_machines.expressions.bounded.regular_expressions import matches
from state_machines.expressions.bounded.run import BYTES_OF_A_VALUE, Failed, Spent, out_of_bytes, out_of_steps
from state_machines.expressions.bounded.source import Source, Value
from state_machines.expressions.bounded.variables import Bound, Variable
from state_machines.values.json_values import to_json

if TYPE_CHECKING:
    from state_machines.expressions.bounded.program import Program
    from state_machines.expressions.functions import Function


class Part(NamedTuple):
    """An expression to be translated.

    Attributes:
        tree: what it says.
        variables: those that it sees, by name.
        functions: those written in Python, by name.
        lists_only: whether nothing but lists may be walked; else ``exists`` and ``all`` walk maps, too.
        optional: whether it gives an optional value: then what that holds, or `ABSENT`.
    """

    tree: Node
    variables: Mapping[str, Variable]
    functions: Mapping[str, Function]
    lists_only: bool = False
    optional: bool = False


class Compiled(NamedTuple):
    """A function of the view, and whether what it gives is JSON for sure."""

    function: Callable[[Any], Any]
    json: bool


def translated(part: Part) -> Compiled:
    """The function of an expression.

    Raises:
        ValueError: it walks what has no order.
    """
    translation = Translation(part)
    value = translation.whole()
    return Compiled(translation.function(value), value.json)


def translated_together(shape: Any) -> Callable[[Any], Any]:
    """One function for several expressions: it gives the JSON value that they stand in.

    What it raises does not say which one of them failed.

    Args:
        shape: a JSON value with a `Part` in each place that is found at a decision; what leads nowhere is
            left out.

    Raises:
        ValueError: one walks what has no order.
    """
    translation = Translation()
    return translation.function(translation.shaped(shape))


_SHORT = 14
"""Parts of an expression with a name that is written out where it is used."""
_MOST_WRITTEN_OUT = 100
"""Parts of such expressions in one function."""
_UNCHANGING = frozenset({str, int, float, bool, datetime, timedelta})
_NOTHING = Part(Constant(None), {}, {})


class Translation:
    """Writes the lines of one expression.

    Attributes:
        source: the lines.
    """

    def __init__(self, part: Part = _NOTHING) -> None:
        self.source = Source(dict(_NAMES))
        self._part = part
        self._folds = False
        self._in_name = False
        self._written_out = 0
        self._bound: dict[str, Bound] = {}
        self._chains = Chains(self)
        self._loops = Loops(self)
        self._calls = Calls(self)
        self._special: Mapping[str, Callable[..., Value]] = {
            "_&&_": lambda left, right: self._logical(left, right, False, "_&&_"),
            "_||_": lambda left, right: self._logical(left, right, True, "_||_"),
            "_?_:_": self._choice,
            "@not_strictly_false": self._not_strictly_false,
            **self._chains.functions,
        }
        """Those that do not find all of their arguments before they begin."""

    @property
    def functions(self) -> Mapping[str, Function]:
        """Those written in Python, by name."""
        return self._part.functions

    @property
    def lists_only(self) -> bool:
        """Whether nothing but lists may be walked."""
        return self._part.lists_only

    def function(self, value: Value) -> Callable[[Any], Any]:
        """The function that gives this value once all the lines are written."""
        source = self.source
        source.line(f"return {value.text}")
        exec(compile(source.whole("evaluate"), "<expression>", "exec"), source.names)
        found: Callable[[Any], Any] = source.names["evaluate"]
        return found

    def whole(self) -> Value:
        """The value of the expression."""
        source, part = self.source, self._part
        source.shares = False
        value = self.chain(part.tree) if part.optional else self.of(part.tree)
        if source.shares:  # what a loop makes may hold the same value a thousand times
            source.line(f"if type({value.text}) in (list, dict): weigh({value.text}, {source.run()})")
        return value

    def shaped(self, shape: Any) -> Value:
        """The JSON value that expressions stand in."""
        source = self.source
        match shape:
            case Part():
                if shape.tree == Name("now"):  # the commonest of all that is no JSON
                    return Value(source.read("view.now_as_text"), str, True)
                self._part = shape
                value = self.whole()
                return value if value.json else value._replace(text=source.let(f"as_json({value.text})"))
            case dict():
                return self._shaped_map(shape)
            case list():
                parts = [(self.shaped(part), _is_optional(part)) for part in shape]
                if not any(optional for _, optional in parts):
                    return Value(source.let(f"[{', '.join(part.text for part, _ in parts)}]"))
                result = source.let("[]")
                for part, optional in parts:
                    self._put(f"{result}.append({part.text})", part, optional)
                return Value(result)
        return source.constant(shape)

    def _shaped_map(self, shape: Mapping[str, Any]) -> Value:
        source = self.source
        parts = [(name, self.shaped(part), _is_optional(part)) for name, part in shape.items()]
        if not any(optional for _, _, optional in parts):
            fields = ", ".join(f"{name!r}: {part.text}" for name, part, _ in parts)
            return Value(source.let(f"{{{fields}}}"))
        result = source.let("{}")
        for name, part, optional in parts:
            self._put(f"{result}[{name!r}] = {part.text}", part, optional)
        return Value(result)

    def _put(self, line: str, part: Value, optional: bool) -> None:
        self.source.line(f"if {part.text} is not ABSENT: {line}" if optional else line)

    def of(self, node: Node) -> Value:
        """The value of a node, found by the lines that this writes."""
        if self.source.is_deep and not isinstance(node, Constant | Name):
            return Value(self.source.let(self.apart(node), fails=True))
        match node:
            case Constant(value):
                return self.source.constant(value)
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
                return self._loops.of(node)

    def held(self, node: Node) -> Value:
        """As `of`, by a name."""
        return self.source.held(self.of(node))

    def chain(self, node: Node) -> Value:
        """The value at the end of an optional chain, or `ABSENT`; no optional value is made on the way."""
        return self._chains.of(node)

    def known_for_good(self, node: Call) -> Value | None:
        """What a call gives whose arguments stand in the text; None where only its evaluation can say it."""
        if self._folds:
            return None
        apart = Translation(self._part)
        apart._folds = True
        try:
            found = apart.function(apart.of(node))(None)
        except (Failed, Spent, ValueError):
            return None
        return self.source.constant(found) if type(found) in _UNCHANGING else None

    def apart(self, node: Node) -> str:
        """The call of a function of its own that finds the value of a node."""
        source = self.source
        parameters = ["view", source.run(), *(one.local for one in self._bound.values())]
        with source.function(parameters) as name:
            source.line(f"return {self.of(node).text}")
        return f"{name}({', '.join(parameters)})"

    @contextmanager
    def known(self, name: str, bound: Bound) -> Iterator[None]:
        """The name stands for this while the parts are written that see it."""
        outside = self._bound
        self._bound = {**outside, name: bound}
        try:
            yield
        finally:
            self._bound = outside

    def _name(self, name: str) -> Value:
        source = self.source
        bound = self._bound.get(name)
        if bound is not None:
            if not bound.later:
                return Value(bound.local, None, bound.json)
            source.line(f"if {bound.local}[0] is ABSENT: {bound.local}[0] = {bound.later}")
            return Value(source.let(f"{bound.local}[0]", fails=True))
        variable = self._part.variables.get(name)
        if variable is not None:
            if variable.program is not None:
                return self._named(variable, variable.program)
            path = variable.path.replace("view.", "view.names_of.", 1) if self._in_name else variable.path
            return Value(source.read(path), variable.kind, variable.json)
        known = TYPE_NAMES.get(name)
        if known is None:
            raise ValueError(f"no variable {name!r}")
        return source.constant(known)

    def _named(self, variable: Variable, program: Program) -> Value:
        """The value of an expression that has a name: found once for all, or written out.

        It is written out if it is short, or all that is asked.
        """
        source, part = self.source, program.part()
        size = program.size
        is_all = self._part.tree == Name(variable.path)
        if is_all or (size <= _SHORT and self._written_out < _MOST_WRITTEN_OUT):
            self._written_out += size
            outside = self._part, self._in_name, self._bound
            self._part, self._in_name, self._bound = part, True, {}
            try:
                return self.of(part.tree)
            finally:
                self._part, self._in_name, self._bound = outside
        found, key = source.read("view.found"), repr(variable.path)
        local = source.let(f"{found}[{key}] if {key} in {found} else view.named({key})", fails=True)
        return Value(local, variable.kind, variable.json or program.gives_json)

    def _select(self, node: Select) -> Value:
        if node.tests:
            return self._chains.has(node)
        if is_chain(node.operand):
            return self._chains.as_optional(node)
        operand, field = self.held(node.operand), repr(node.field)
        there = f"{field} in {operand.text}"
        if operand.kind is not dict:
            there = f"type({operand.text}) is dict and {there}"
        text = f"{operand.text}[{field}] if {there} else select({operand.text}, {field})"
        return Value(self.source.let(text, fails=True), None, operand.json)

    def _call(self, node: Call) -> Value:
        if is_chain(node):
            return self._chains.as_optional(node)
        special = self._special.get(node.function)
        if special is not None:
            return special(*node.arguments)
        return self._calls.of(node)

    # Operators that do not evaluate all of their arguments.

    def _logical(self, left: Node, right: Node, decides: bool, name: str) -> Value:
        """``||`` is decided by a side that is true, ``&&`` by one that is false, whatever the other does."""
        source = self.source
        one, sure = self._caught(left)
        result = source.new()
        with source.block(f"if {one} is {decides}:"):
            source.line(f"{result} = {decides}")
        with source.block("else:"):
            if sure:
                other = self.of(right)
                if other.kind is bool:
                    source.line(f"{result} = {other.text}")
                else:
                    source.line(
                        f"{result} = {other.text} if type({other.text}) is bool"
                        f" else decided({decides}, {name!r}, {one}, {other.text})"
                    )
                    source.fails += 1
            else:
                side, _ = self._caught(right)
                source.line(f"{result} = decided({decides}, {name!r}, {one}, {side})")
                source.fails += 1
        return Value(result, bool, True)

    def _caught(self, node: Node) -> tuple[str, bool]:
        """The name of a value, or of its failure, and whether it is true or false for sure."""
        source = self.source
        before, result = source.fails, source.new()
        with source.aside() as lines:
            value = self.of(node)
            source.line(f"{result} = {value.text}")
        if source.fails == before:
            source.put(lines)
            return result, value.kind is bool
        source.put(lines, inside="try:")
        with source.block("except Failed as error:"):
            source.line(f"{result} = error")
        return result, False

    def _choice(self, condition: Node, one: Node, other: Node) -> Value:
        source = self.source
        chain = self._chains.mapped(Call("_?_:_", (condition, one, other), False))
        if chain is not None:
            return Value(source.let(f"as_optional({chain.text})"))
        asked = self.held(condition)
        result = source.new()
        with source.block(f"if {asked.text} is True:"):
            yes = self.of(one)
            source.line(f"{result} = {yes.text}")
        with source.block("else:" if asked.kind is bool else f"elif {asked.text} is False:"):
            no = self.of(other)
            source.line(f"{result} = {no.text}")
        if asked.kind is not bool:
            source.fails += 1
            with source.block("else:"):
                source.line(f"raise no_overload('_?_:_', {asked.text})")
        return Value(result, yes.kind if yes.kind is no.kind else None, yes.json and no.json)

    def _not_strictly_false(self, node: Node) -> Value:
        value, _ = self._caught(node)
        return Value(self.source.let(f"{value} is not False"), bool, True)

    # What makes lists and maps.

    def _list(self, node: ListOf) -> Value:
        source = self.source
        self._weigh(BYTES_OF_A_VALUE * (len(node.elements) + 1))
        if not node.optional:
            parts = [self.of(one) for one in node.elements]
            text = f"[{', '.join(part.text for part in parts)}]"
            return Value(source.let(text), list, all(part.json for part in parts))
        result, json = source.let("[]"), True
        for place, element in enumerate(node.elements):
            part = self.chain(element) if place in node.optional else self.of(element)
            json = json and part.json
            self._put(f"{result}.append({part.text})", part, place in node.optional)
        return Value(result, list, json)

    def _map(self, node: MapOf) -> Value:
        source = self.source
        self._weigh(BYTES_OF_AN_ENTRY * (len(node.entries) + 1))
        names = [key.value for key, _, _ in node.entries if isinstance(key, Constant)]
        plain = len(names) == len(node.entries) and all(type(name) is str for name in names)
        if not plain or len(set(names)) < len(names):
            return self._map_of_any_names(node)
        if not any(optional for _, _, optional in node.entries):
            parts = [self.of(value) for _, value, _ in node.entries]
            entries = (f"{name!r}: {part.text}" for name, part in zip(names, parts, strict=True))
            return Value(source.let(f"{{{', '.join(entries)}}}"), dict, all(part.json for part in parts))
        result, json = source.let("{}"), True
        for name, (_, value, optional) in zip(names, node.entries, strict=True):
            part = self.chain(value) if optional else self.of(value)
            json = json and part.json
            self._put(f"{result}[{name!r}] = {part.text}", part, optional)
        return Value(result, dict, json)

    def _map_of_any_names(self, node: MapOf) -> Value:
        result = self.source.let("{}", fails=True)
        for key, value, optional in node.entries:
            name = self.source.let(f"key_of({self.of(key).text})", fails=True)
            part = self.chain(value) if optional else self.of(value)
            self._put(f"put({result}, {name}, {part.text})", part, optional)
        return Value(result, dict)

    def _weigh(self, size: int) -> None:
        if self.source.loops:  # outside of them it is bounded by the text
            self.source.spend_bytes(size)


def as_json(value: Any) -> Any:
    """The value as JSON (see `to_json`), or `ABSENT`. Raises NotJson."""
    return value if value is ABSENT else to_json(value)


def _is_optional(shape: Any) -> bool:
    return isinstance(shape, Part) and shape.optional


def _decided(decides: bool, name: str, one: Any, other: Any) -> bool:
    """What `&&` or `||` gives, if the first side does not decide it; failures are given as they are."""
    if other is decides:
        return bool(decides)
    for side in (one, other):
        if type(side) is Failed:
            raise side
    if type(one) is bool and type(other) is bool:
        return not decides
    raise no_overload(name, one, other)


_NAMES: Mapping[str, Any] = {
    **{
        one.__name__: one
        for one in (
            Failed, Optional, added, as_json, as_optional, at_index, compared, contains, datetime, divided,
            end_of, ends_with, equal, has, is_in, key_of, matches, multiplied, negated, no_overload,
            of_non_zero, opposite, out_of_bytes, out_of_steps, put, remainder, select, size_of, starts_with,
            step, subtracted, timedelta, type_of, value_of, walked, weigh, weigh_top,
        )
    },
    "ABSENT": ABSENT,
    "NOTHING_THERE": NOTHING_THERE,
    "ORDERED": ORDERED,
    "SMALL": 1 << 62,
    "decided": _decided,
}  # fmt: skip
"""What the lines call."""
