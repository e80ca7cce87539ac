"""Chains that may lead nowhere (``data.?customer.name``), and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from state_machines.expressions.bounded.checked_tree import Call, Constant, Node, Select, Uint
from state_machines.expressions.bounded.kinds import NOTHING_THERE, Optional, key_of, kind_of, no_overload
from state_machines.expressions.bounded.loops import Closure
from state_machines.expressions.bounded.run import Failed, Run

ABSENT: Any = object()
"""What a chain gives that leads nowhere."""


class OptionalChains:
    """Makes the closures of chains; `of` makes those of all other nodes."""

    def __init__(self, of: Callable[[Node], Closure]) -> None:
        self._of = of

    def has(self, node: Select) -> Closure:
        """``has(a.b)``."""
        field = node.field
        inner = self.chain(node.operand) if is_chain(node.operand) else self._of(node.operand)

        def has(run: Run) -> bool:
            value = inner(run)
            if value is ABSENT:
                return False
            if isinstance(value, Optional):
                if value is NOTHING_THERE:
                    return False
                value = value.value
            if type(value) is dict:
                return field in value
            raise no_overload("has", value)

        return has

    def chain(self, node: Node) -> Closure:
        """The value at the end of an optional chain, or `ABSENT`; no optional value is made on the way."""
        match node:
            case Call("_?._", (operand, Constant(field)), _):
                return self._step(operand, lambda run: field)
            case Call("_[?_]", (operand, index), _):
                return self._step(operand, self._of(index))
            case Select(operand, field, False) if is_chain(operand):
                return self._step(operand, lambda run: field)
            case Call("_[_]", (operand, index), _) if is_chain(operand):
                return self._step(operand, self._of(index))
        inner = self._of(node)

        def chain(run: Run) -> Any:
            value = inner(run)
            if isinstance(value, Optional):
                return ABSENT if value is NOTHING_THERE else value.value
            raise no_overload("optional", value)

        return chain

    def _step(self, operand: Node, index: Closure) -> Closure:
        further = is_chain(operand)
        inner = self.chain(operand) if further else self._of(operand)

        def step(run: Run) -> Any:
            value = inner(run)
            if value is ABSENT:
                return ABSENT
            if isinstance(value, Optional):
                if value is NOTHING_THERE:
                    return ABSENT
                value = value.value
            name = index(run)
            if type(value) is dict:
                if type(name) is str:
                    return value.get(name, ABSENT)
                return value.get(key_of(name), ABSENT)
            if type(value) is list and type(name) in (int, Uint, float):
                if type(name) is float and not name.is_integer():
                    raise no_overload("_[?_]", value, name)
                return value[int(name)] if 0 <= name < len(value) else ABSENT
            raise no_overload("_[?_]", value, name)

        return step

    def as_optional(self, chain: Closure) -> Closure:
        """The end of a chain as an optional value."""

        def optional(run: Run) -> Any:
            value = chain(run)
            return NOTHING_THERE if value is ABSENT else Optional(value)

        return optional

    def optional_of(self, value: Node) -> Closure:
        """``optional.of(value)``."""
        inner = self._of(value)
        return lambda run: Optional(inner(run))

    def optional_none(self) -> Closure:
        """``optional.none()``."""
        return lambda run: NOTHING_THERE

    def optional_of_non_zero(self, value: Node) -> Closure:
        """``optional.ofNonZeroValue(value)``."""
        inner = self._of(value)

        def of_non_zero(run: Run) -> Optional:
            found = inner(run)
            return Optional(found) if found or type(found) is datetime else NOTHING_THERE

        return of_non_zero

    def or_value(self, optional: Node, default: Node) -> Closure:
        """``optional.orValue(default)``; the default is found only where it is needed."""
        chain, otherwise = self.chain(optional), self._of(default)

        def or_value(run: Run) -> Any:
            value = chain(run)
            return otherwise(run) if value is ABSENT else value

        return or_value

    def or_optional(self, optional: Node, other: Node) -> Closure:
        """``optional.or(other)``, in the same way."""
        chain, otherwise = self.chain(optional), self._of(other)

        def or_optional(run: Run) -> Any:
            value = chain(run)
            if value is not ABSENT:
                return Optional(value)
            instead = otherwise(run)
            if not isinstance(instead, Optional):
                raise no_overload("or", instead)
            return instead

        return or_optional

    def has_value(self, optional: Node) -> Closure:
        """``optional.hasValue()``."""
        chain = self.chain(optional)
        return lambda run: chain(run) is not ABSENT

    def value(self, optional: Node) -> Closure:
        """``optional.value()``."""
        chain = self.chain(optional)

        def value(run: Run) -> Any:
            found = chain(run)
            if found is ABSENT:
                raise Failed("optional.none() dereference")
            return found

        return value


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


def select_of_optional(optional: Optional, field: str) -> Optional:
    """``optional.field``. Raises Failed."""
    if optional is NOTHING_THERE:
        return optional
    if type(optional.value) is not dict:
        raise Failed(f"{kind_of(optional.value)} has no field {field!r}")
    return Optional(optional.value[field]) if field in optional.value else NOTHING_THERE
