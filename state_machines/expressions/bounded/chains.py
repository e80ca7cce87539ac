"""Chains that may lead nowhere (``data.?customer.name``), and what is asked of them, as lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from state_machines.expressions.bounded.checked_tree import Call, Constant, Loop, Node, Select
from state_machines.expressions.bounded.source import Value
from state_machines.expressions.bounded.variables import Bound

if TYPE_CHECKING:
    from state_machines.expressions.bounded.translation import Translation


class Chains:
    """Writes the lines of chains; the translation writes those of all other nodes."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._source = translation.source
        self.functions: Mapping[str, Callable[..., Value]] = {
            "optional.of": lambda value: self._optional("Optional", value),
            "optional.ofNonZeroValue": lambda value: self._optional("of_non_zero", value),
            "optional.none": lambda: Value("NOTHING_THERE"),
            "orValue": self._or_value,
            "or": self._or,
            "hasValue": self._has_value,
            "value": self._value,
        }
        """What is asked of optional values, by CEL's name."""

    def has(self, node: Select) -> Value:
        """``has(a.b)``."""
        operand, field = node.operand, repr(node.field)
        value = self.of(operand) if is_chain(operand) else self._translation.held(operand)
        if value.kind is dict:
            return Value(self._source.let(f"{field} in {value.text}"), bool, True)
        text = f"{field} in {value.text} if type({value.text}) is dict else has({value.text}, {field})"
        return Value(self._source.let(text, fails=True), bool, True)

    def of(self, node: Node) -> Value:
        """The value at the end of an optional chain, or `ABSENT`; no optional value is made on the way."""
        match node:
            case Call("_?._", (operand, Constant(field)), _):
                return self._step(operand, Constant(field))
            case Call("_[?_]", (operand, index), _):
                return self._step(operand, index)
            case Select(operand, field, False) if is_chain(operand):
                return self._step(operand, Constant(field))
            case Call("_[_]", (operand, index), _) if is_chain(operand):
                return self._step(operand, index)
            case Call("or", (optional, other), _):
                return self._end_of_or(optional, other)
            case Call("optional.of", (inner,), _):
                return self._translation.held(inner)
            case Call("optional.none", (), _):
                return Value("ABSENT", None, True)
            case Call("_?_:_"):
                mapped = self.mapped(node)
                if mapped is not None:
                    return mapped
        value = self._translation.of(node)
        return Value(self._source.let(f"end_of({value.text})", fails=True))

    def mapped(self, node: Call) -> Value | None:
        """The end of ``chain.optMap(name, body)``, as CEL's macro writes it; None for any other choice."""
        match node.arguments:
            case (
                Call("hasValue", (chain,)),
                Call("optional.of", (Loop(_, _, name, Call("value", (again,)), Constant(False), _, body),)),
                Call("optional.none", ()),
            ) if chain == again:
                return self._mapped(chain, name, body)
        return None

    def _mapped(self, chain: Node, name: str, body: Node) -> Value:
        source = self._source
        end = self.of(chain)
        result = source.new()
        with source.block(f"if {end.text} is ABSENT:"):
            source.line(f"{result} = ABSENT")
        with source.block("else:"), self._translation.known(name, Bound(end.text, end.json)):
            value = self._translation.of(body)
            source.line(f"{result} = {value.text}")
        return Value(result, None, value.json)

    def _step(self, operand: Node, index: Node) -> Value:
        source = self._source
        value = self.of(operand) if is_chain(operand) else self._translation.held(operand)
        if isinstance(index, Constant) and type(index.value) is str:
            name = repr(index.value)
            text = f"{value.text}.get({name}, ABSENT)"
            if value.kind is not dict:
                text += f" if type({value.text}) is dict else step({value.text}, {name})"
            return Value(source.let(text, fails=value.kind is not dict), None, value.json)
        result = source.new()
        with source.block(f"if {value.text} is ABSENT:"):
            source.line(f"{result} = ABSENT")
        with source.block("else:"):
            place = self._translation.of(index)
            source.line(f"{result} = step({value.text}, {place.text})")
            source.fails += 1
        return Value(result, None, value.json)

    def as_optional(self, node: Node) -> Value:
        """The end of a chain as an optional value."""
        return Value(self._source.let(f"as_optional({self.of(node).text})"))

    def _optional(self, function: str, value: Node) -> Value:
        return Value(self._source.let(f"{function}({self._translation.of(value).text})"))

    def _or_value(self, optional: Node, default: Node) -> Value:
        """``optional.orValue(default)``; the default is found only where it is needed."""
        source = self._source
        end = self.of(optional)
        if isinstance(default, Constant):
            other = self._translation.of(default)
            text = f"{other.text} if {end.text} is ABSENT else {end.text}"
            return Value(source.let(text), None, end.json and other.json)
        result = source.new()
        with source.block(f"if {end.text} is ABSENT:"):
            other = self._translation.of(default)
            source.line(f"{result} = {other.text}")
        with source.block("else:"):
            source.line(f"{result} = {end.text}")
        return Value(result, None, end.json and other.json)

    def _or(self, optional: Node, other: Node) -> Value:
        return Value(self._source.let(f"as_optional({self._end_of_or(optional, other).text})"))

    def _end_of_or(self, optional: Node, other: Node) -> Value:
        """``optional.or(other)``, in the same way."""
        source = self._source
        end = self.of(optional)
        result = source.new()
        with source.block(f"if {end.text} is ABSENT:"):
            instead = self.of(other)
            source.line(f"{result} = {instead.text}")
        with source.block("else:"):
            source.line(f"{result} = {end.text}")
        return Value(result, None, end.json and instead.json)

    def _has_value(self, optional: Node) -> Value:
        return Value(self._source.let(f"{self.of(optional).text} is not ABSENT"), bool, True)

    def _value(self, optional: Node) -> Value:
        end = self.of(optional)
        return Value(self._source.let(f"value_of({end.text})", fails=True), None, end.json)


def is_chain(node: Node) -> bool:
    """Whether it is a step of an optional chain."""
    match node:
        case Call("_?._" | "_[?_]"):
            return True
        case Select(operand, _, False):
            return is_chain(operand)
        case Call("_[_]", (operand, _)):
            return is_chain(operand)
    return False
