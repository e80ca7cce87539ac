"""Operators that do not evaluate all of their arguments, as lines of Python.

`&&` and `||` know the value of a whole whose one side fails, as CEL's do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded.checked_tree import Call, Node
from state_machines.expressions.bounded.kinds import no_overload
from state_machines.expressions.bounded.run import Failed
from state_machines.expressions.bounded.source import Value

if TYPE_CHECKING:
    from state_machines.expressions.bounded.translation import Translation


class Branches:
    """Writes the lines of choices; the translation writes those of what they choose from."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._source = translation.source

    def logical(self, left: Node, right: Node, decides: bool, name: str) -> Value:
        """``||`` is decided by a side that is true, ``&&`` by one that is false, whatever the other does."""
        source = self._source
        one, sure = self._caught(left)
        result = source.new()
        with source.block(f"if {one} is {decides}:"):
            source.line(f"{result} = {decides}")
        with source.block("else:"):
            if sure:
                other = self._translation.of(right)
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
        source = self._source
        before, result = source.fails, source.new()
        with source.aside() as lines:
            value = self._translation.of(node)
            source.line(f"{result} = {value.text}")
        if source.fails == before:
            source.put(lines)
            return result, value.kind is bool
        source.put(lines, inside="try:")
        with source.block("except Failed as error:"):
            source.line(f"{result} = error")
        return result, False

    def choice(self, condition: Node, one: Node, other: Node) -> Value:
        """``condition ? one : other``."""
        source = self._source
        chain = self._translation.mapped(Call("_?_:_", (condition, one, other), False))
        if chain is not None:
            return Value(source.let(f"as_optional({chain.text})"))
        asked = self._translation.held(condition)
        result = source.new()
        with source.block(f"if {asked.text} is True:"):
            yes = self._translation.of(one)
            source.line(f"{result} = {yes.text}")
        with source.block("else:" if asked.kind is bool else f"elif {asked.text} is False:"):
            no = self._translation.of(other)
            source.line(f"{result} = {no.text}")
        if asked.kind is not bool:
            source.fails += 1
            with source.block("else:"):
                source.line(f"raise no_overload('_?_:_', {asked.text})")
        return Value(result, yes.kind if yes.kind is no.kind else None, yes.json and no.json)

    def not_strictly_false(self, node: Node) -> Value:
        """Whether a loop of CEL's goes on."""
        value, _ = self._caught(node)
        return Value(self._source.let(f"{value} is not False"), bool, True)


def decided(decides: bool, name: str, one: Any, other: Any) -> bool:
    """What `&&` or `||` gives, if the first side does not decide it; failures are given as they are."""
    if other is decides:
        return bool(decides)
    for side in (one, other):
        if type(side) is Failed:
            raise side
    if type(one) is bool and type(other) is bool:
        return not decides
    raise no_overload(name, one, other)
