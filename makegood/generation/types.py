"""JSON Schema as types of Python: objects become `TypedDict`s, written before whatever refers to them."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from makegood.generation.source_text import FreeNames, comment, docstring, in_one_word, literal

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_Schema = Mapping[str, Any]


class Types:
    """Types by schemas; `lines` is the source of those that have names."""

    def __init__(self, names: FreeNames) -> None:
        self._names = names
        self.lines: list[str] = []

    def of(self, schema: _Schema, name: str) -> str:
        """The type of what fits a schema; `name` is wanted for it, should it need one."""
        if schema.get("format") == "calendar":
            return _calendar(schema)
        if "enum" in schema and all(isinstance(one, str | int | None) for one in schema["enum"]):
            return f"Literal[{', '.join(literal(one) for one in schema['enum'])}]"
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        return " | ".join(self._of_kind(kind, schema, name) for kind in kinds) or "Any"

    def object(self, schema: _Schema, name: str, words: str = "") -> str:
        """The name of a new `TypedDict` of an object's properties."""
        required = set(schema.get("required", ()))
        fields: dict[str, str] = {}
        for field, part in schema["properties"].items():
            wanted = f"{name}{in_one_word(field)}" if field.isidentifier() else f"{name}Part"
            kind = self.of(part, wanted)
            fields[field] = kind if field in required else f"NotRequired[{kind}]"
        taken = self._names.take(name)
        said = {field: part.get("description", "") for field, part in schema["properties"].items()}
        write = _class if all(_is_attribute(field) for field in fields) else _call
        self.lines += ["", "", *write(taken, fields, said, words)]
        return taken

    def _of_kind(self, kind: str, schema: _Schema, name: str) -> str:
        if kind == "array":
            items = schema.get("items")
            return f"list[{'Any' if items is None else self.of(items, f'{name}Item')}]"
        if kind == "object":
            if schema.get("properties"):
                return self.object(schema, name, schema.get("description", ""))
            others = schema.get("additionalProperties")
            return f"dict[str, {self.of(others, f'{name}Value') if isinstance(others, dict) else 'Any'}]"
        return _PLAIN[kind]


def _calendar(schema: _Schema) -> str:
    """A name or written hours; the latter alone where it must be an object."""
    kinds = schema.get("type")
    kinds = ["string", "object", "null"] if kinds is None else kinds if isinstance(kinds, list) else [kinds]
    return " | ".join("Hours" if kind == "object" else _PLAIN[kind] for kind in kinds)


def _is_attribute(field: str) -> bool:
    return field.isidentifier() and not keyword.iskeyword(field) and not field.startswith("_")


def _class(name: str, fields: Mapping[str, str], said: Mapping[str, str], words: str) -> list[str]:
    lines = [f"class {name}(TypedDict):", *docstring(words, 4)]
    for field, kind in fields.items():
        lines += ["", f"    {field}: {kind}", *docstring(said[field], 4)]
    return lines if len(lines) > 1 else [*lines, "    pass"]


def _call(name: str, fields: Mapping[str, str], said: Mapping[str, str], words: str) -> list[str]:
    """The form for fields that are words of Python, such as `from`."""
    lines = [*comment(words, 0), f"{name} = TypedDict(", f'    "{name}",', "    {"]
    for field, kind in fields.items():
        lines += [*comment(said[field], 8), f"        {literal(field)}: {kind},"]
    return [*lines, "    },", ")"]
