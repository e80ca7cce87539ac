"""Lists and maps, and the JSON values that expressions stand in, as lines of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded.checked_tree import Constant, ListOf, MapOf, Name, Node
from state_machines.expressions.bounded.kinds import BYTES_OF_AN_ENTRY
from state_machines.expressions.bounded.run import BYTES_OF_A_VALUE
from state_machines.expressions.bounded.source import Value
from state_machines.expressions.bounded.variables import Part

if TYPE_CHECKING:
    from state_machines.expressions.bounded.translation import Translation


class Containers:
    """Writes the lines of lists and maps; the translation writes those of what is in them."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._source = translation.source

    def list_of(self, node: ListOf) -> Value:
        """The value of a list."""
        self._weigh(BYTES_OF_A_VALUE * (len(node.elements) + 1))
        parts = [
            (self._part(element, place in node.optional), place in node.optional)
            for place, element in enumerate(node.elements)
        ]
        return self._listed(parts)

    def map_of(self, node: MapOf) -> Value:
        """The value of a map."""
        self._weigh(BYTES_OF_AN_ENTRY * (len(node.entries) + 1))
        names = [key.value for key, _, _ in node.entries if isinstance(key, Constant)]
        plain = len(names) == len(node.entries) and all(type(name) is str for name in names)
        if not plain or len(set(names)) < len(names):
            return self._map_of_any_names(node)
        parts = [
            (name, self._part(value, optional), optional)
            for name, (_, value, optional) in zip(names, node.entries, strict=True)
        ]
        return self._mapped(parts)

    def shaped(self, shape: Any) -> Value:
        """The JSON value that expressions stand in, each a `Part`; what leads nowhere is left out."""
        match shape:
            case Part():
                return self._as_json(shape)
            case dict():
                return self._mapped(
                    [(name, self.shaped(part), _is_optional(part)) for name, part in shape.items()]
                )
            case list():
                return self._listed([(self.shaped(part), _is_optional(part)) for part in shape])
        return self._source.constant(shape)

    def _as_json(self, part: Part) -> Value:
        source = self._source
        if part.tree == Name("now"):  # the commonest of all that is no JSON
            return Value(source.read("view.now_as_text"), str, True)
        value = self._translation.whole(part)
        return value if value.json else Value(source.let(f"as_json({value.text})"), None, True)

    def _part(self, node: Node, optional: bool) -> Value:
        return self._translation.chain(node) if optional else self._translation.of(node)

    def _listed(self, parts: Sequence[tuple[Value, bool]]) -> Value:
        """A list of these; those that are optional may be `ABSENT`."""
        json = all(part.json for part, _ in parts)
        if not any(optional for _, optional in parts):
            return Value(self._source.let(f"[{', '.join(part.text for part, _ in parts)}]"), list, json)
        result = self._source.let("[]")
        for part, optional in parts:
            self._put(f"{result}.append({part.text})", part, optional)
        return Value(result, list, json)

    def _mapped(self, parts: Sequence[tuple[str, Value, bool]]) -> Value:
        """A map of these, in the same way."""
        json = all(part.json for _, part, _ in parts)
        if not any(optional for _, _, optional in parts):
            entries = ", ".join(f"{name!r}: {part.text}" for name, part, _ in parts)
            return Value(self._source.let(f"{{{entries}}}"), dict, json)
        result = self._source.let("{}")
        for name, part, optional in parts:
            self._put(f"{result}[{name!r}] = {part.text}", part, optional)
        return Value(result, dict, json)

    def _map_of_any_names(self, node: MapOf) -> Value:
        result = self._source.let("{}", fails=True)
        for key, value, optional in node.entries:
            name = self._source.let(f"key_of({self._translation.of(key).text})", fails=True)
            part = self._part(value, optional)
            self._put(f"put({result}, {name}, {part.text})", part, optional)
        return Value(result, dict)

    def _put(self, line: str, part: Value, optional: bool) -> None:
        self._source.line(f"if {part.text} is not ABSENT: {line}" if optional else line)

    def _weigh(self, size: int) -> None:
        if self._source.loops:  # outside of them it is bounded by the text
            self._source.spend_bytes(size)


def _is_optional(shape: Any) -> bool:
    return isinstance(shape, Part) and shape.optional
