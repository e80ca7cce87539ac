"""Where in an answer stands what, by its schema: the objects in it, each with the pointer to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_DEEPEST = 5
"""Parts of a pointer: of what lies deeper nobody makes the next request."""


class Place(NamedTuple):
    """An object in an answer.

    Attributes:
        pointer: RFC 6901, empty for the answer itself; of a list its first item.
        name: the property that it is, or is in the list of; empty for the answer itself.
        schema: the name of its schema; empty where it has none.
        properties: the schemas of its properties, references followed.
    """

    pointer: str
    name: str
    schema: str
    properties: Mapping[str, Mapping[str, Any]]

    def has_text(self, name: str) -> bool:
        """Whether one of its properties is a text or a number that may name something."""
        return self.has(name, "string") or self.has(name, "integer")

    def has(self, name: str, type_: str) -> bool:
        """Whether there is a property of this name that may be of this JSON type."""
        return type_ in _types(self.properties.get(name, {}))

    def expression(self, name: str) -> str:
        """OpenAPI's runtime expression for one of its properties."""
        return f"$response.body#{self.pointer}/{name}"


class AnswerPlaces:
    """Finds the objects of answers; `schemas` are those of the document, by name."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any]) -> list[Place]:
        """All of them, the answer itself first."""
        return list(self._walk(schema, "", "", 0))

    def _walk(self, schema: Mapping[str, Any], pointer: str, name: str, depth: int) -> Iterator[Place]:
        if depth > _DEEPEST:
            return
        for called, one in self._meant(schema):
            if "items" in one:
                yield from self._walk(one["items"], f"{pointer}/0", name, depth + 1)
            if "properties" in one:
                inner = one["properties"]
                yield Place(pointer, name, called, {key: self._value(of) for key, of in inner.items()})
                for key, of in inner.items():
                    yield from self._walk(of, f"{pointer}/{key}", key, depth + 1)

    def _meant(self, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What a schema may be, with the name of each that has one."""
        name = ""
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self._schemas[name]
        yield name, schema
        for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            yield from self._meant(one)

    def _value(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema of a property; of one that may be null or something, with all types that it may have."""
        found = [one for _, one in self._meant(schema)]
        return {"type": sorted(set().union(*map(_types, found)))}


def _types(schema: Mapping[str, Any]) -> set[str]:
    said = schema.get("type", [])
    return {said} if isinstance(said, str) else set(said)
