"""From the tree of an expression to lines of Python.

A step is counted for each item that a loop walks, times the parts of its body, and for all that a function
looks through; what stands outside of loops is bounded by the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded.branches import Branches
from state_machines.expressions.bounded.callables import CALLABLES
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
from state_machines.expressions.bounded.containers import Containers
from state_machines.expressions.bounded.kinds import TYPE_NAMES
from state_machines.expressions.bounded.loops import Loops
from state_machines.expressions.bounded.run import Failed, Spent
from state_machines.expressions.bounded.source import Source, Value
from state_machines.expressions.bounded.variables import Bound, Part, Variable

if TYPE_CHECKING:
    from state_machines.expressions.bounded.program import Program
    from state_machines.expressions.functions import Function

_SHORT = 14
"""Parts of an expression with a name that is written out where it is used."""
_MOST_WRITTEN_OUT = 100
"""Parts of such expressions in one function."""
_UNCHANGING = frozenset({str, int, float, bool, datetime, timedelta})
_NOTHING = Part(Constant(None), {}, {})


class Translation:
    """Writes the lines of one function.

    Attributes:
        source: the lines.
        shaped: the JSON value that expressions stand in (see `Containers.shaped`).
        mapped: the end of a chain that is mapped (see `Chains.mapped`).
    """

    def __init__(self, part: Part = _NOTHING, *, folds: bool = True) -> None:
        """`folds` says whether calls whose arguments stand in the text are made while they are translated."""
        self.source = Source(dict(CALLABLES))
        self._part = part
        self._folds = folds
        self._in_name = False
        self._written_out = 0
        self._bound: dict[str, Bound] = {}
        self._chains = Chains(self)
        self._loops = Loops(self)
        self._calls = Calls(self)
        self._containers = Containers(self)
        branches = Branches(self)
        self.shaped = self._containers.shaped
        self.mapped = self._chains.mapped
        self._special: Mapping[str, Callable[..., Value]] = {
            "_&&_": lambda left, right: branches.logical(left, right, False, "_&&_"),
            "_||_": lambda left, right: branches.logical(left, right, True, "_||_"),
            "_?_:_": branches.choice,
            "@not_strictly_false": branches.not_strictly_false,
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

    def whole(self, part: Part) -> Value:
        """The value of an expression."""
        source = self.source
        self._part, source.shares = part, False
        value = self.chain(part.tree) if part.optional else self.of(part.tree)
        if source.shares:  # what a loop makes may hold the same value a thousand times
            source.line(f"if type({value.text}) in (list, dict): weigh({value.text}, {source.run()})")
        return value

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
                return self._containers.list_of(node)
            case MapOf():
                return self._containers.map_of(node)
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
        if not self._folds:
            return None
        apart = Translation(self._part, folds=False)
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
        if known is None:  # CEL takes `dyn` for a name, which has no value
            return Value(source.let(f"fail('no variable {name}')", fails=True))
        return source.constant(known)

    def _named(self, variable: Variable, program: Program) -> Value:
        """The value of an expression that has a name: found once for all, or written out.

        It is written out if it is short, or all that is asked.
        """
        source, part = self.source, program.part
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
        return Value(local, None, program.gives_json)

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
