"""The JSON Schema of a definition's form, for editors: completion, hints, red lines while one types.

JSON Schema 2020-12, as pydantic writes it from the models of `definition`. What a schema cannot say is
said by `check`. The copy that editors load is ``docs/lifecycle.schema.json``; a test holds it to this.
"""

import json
from collections.abc import Iterator
from typing import Any

from state_machines.form.definition import Definition
from state_machines.form.macros import CALLS, VERBS
from state_machines.form.short_fields import TYPES

__all__ = ["lifecycle_schema", "lifecycle_schema_text"]

SCHEMA_ID = "urn:makegood:schema:lifecycle"
_NAMES = {"type": "array", "items": {"type": "string"}}
_NAMES_OR_OTHERS = {"type": "array", "items": {"type": ["string", "object"]}}
_WITH_MACROS = ({"$ref": "#/$defs/EffectDeclaration"}, {"$ref": "#/$defs/Change"})
_FIELD = {"$ref": "#/$defs/FieldDeclaration"}
_IN_WORDS = {"anyOf": [_FIELD, {"type": ["string", "null"]}]}
_MACRO_USED = {"type": "object", "propertyNames": {"not": {"enum": sorted(CALLS | VERBS)}}}
"""An effect or a change by the name of a macro: `check` knows which there are."""
_ONE_PART = {"type": ["object", "string"]}
_PARTS = {"anyOf": [{"type": "array", "items": _ONE_PART, "minItems": 1}, _ONE_PART]}
_MACROS = {
    "type": "object",
    "description": "Effects (do) or changes by name, with the names of their parameters (with).",
    "additionalProperties": {
        "anyOf": [
            {"type": ["array", "string"], "items": _ONE_PART, "minItems": 1},
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "description": {"type": "string"},
                    "with": {"anyOf": [{"type": "string"}, _NAMES]},
                    "do": _PARTS,
                    "change": _PARTS,
                    **{key: {"type": ["object", "string"]} for key in sorted(CALLS)},
                    **{key: {"type": ["object", "array", "string"]} for key in sorted(VERBS)},
                    "when": {"type": "string"},
                    "each": {"type": "string"},
                },
            },
        ]
    },
}
_LISTS_OF_ONE = frozenset(
    {"source", "from", "in", "paused_in", "conditions", "unless", "restart", "not_on", "share"}
)
"""Fields in which one text may stand for a list of one."""


def lifecycle_schema() -> dict[str, Any]:
    """The schema as plain JSON values."""
    schema = Definition.model_json_schema(by_alias=True)
    _take_second_edition(schema)
    for part in [schema, *schema["$defs"].values()]:
        part.pop("title", None)
        properties = part.get("properties", {})
        for name, field in properties.items():
            _mend(name, field)
        if "conditions" in properties:
            properties["if"] = properties["conditions"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "A lifecycle of makegood",
        **schema,
    }


def _take_second_edition(schema: dict[str, Any]) -> None:
    """What is written short in the second edition and stands in the models in long: see `form.source`."""
    parts = schema["$defs"]
    field = parts["FieldDeclaration"]["properties"]
    field.pop("meaning")
    field["type"]["enum"] = sorted(TYPES)
    field["items"]["anyOf"].append({"type": "string"})
    schema["properties"]["macros"] = _MACROS
    data = parts["TriggerDeclaration"]["properties"]["data"]
    _loosen(schema)
    parts["TriggerDeclaration"]["properties"]["data"] = {
        "anyOf": [{key: data.pop(key) for key in list(data) if key != "default"}, _NAMES]
    }
    for verb, several in (("copy", _NAMES_OR_OTHERS), ("unset", _NAMES), ("increment", _NAMES)):
        parts["Change"]["properties"][verb]["anyOf"] += [{"type": "string"}, several]
    for part, name in ((part, name) for part in ("EmitCall", "OpenCall") for name in ("share", "copy")):
        _allow(parts[part]["properties"][name], {"type": "string"}, _NAMES_OR_OTHERS)
    verbs = {"type": "object", "properties": parts["Change"]["properties"]}  # beside names of macros
    _allow(parts["TransitionDeclaration"]["properties"]["change"], verbs, {"type": "string"})
    for part, name in (
        ("TransitionDeclaration", "effects"),
        ("StateDeclaration", "on_enter"),
        ("StateDeclaration", "on_exit"),
    ):
        effects = parts[part]["properties"][name]
        _allow(effects, effects["items"])


def _allow(field: dict[str, Any], *others: dict[str, Any]) -> None:
    """Besides what a field is, it may be one of these."""
    own = {key: field.pop(key) for key in list(field) if key not in ("default", "description", "title")}
    field["anyOf"] = [own, *others]


def _loosen(node: Any) -> None:
    """Let words stand for a declaration, and names of macros for effects and changes."""
    if isinstance(node, list):
        for one in node:
            _loosen(one)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "patternProperties":
            for name, one in value.items():
                if one == _FIELD:
                    value[name] = _IN_WORDS
        elif key == "additionalProperties" and value == _FIELD:
            node[key] = _IN_WORDS
        elif key == "items" and value in _WITH_MACROS:
            node[key] = {"anyOf": [value, {"type": "string"}, _MACRO_USED]}
        else:
            _loosen(value)


def lifecycle_schema_text() -> str:
    """The schema as the text of its file."""
    return json.dumps(lifecycle_schema(), indent=2, ensure_ascii=False) + "\n"


def _mend(name: str, field: dict[str, Any]) -> None:
    """What pydantic cannot know of a field: that one may stand for many, and that no other names fit."""
    field.pop("title", None)
    for mapping in _mappings(field):
        mapping["additionalProperties"] = False
    if name in _LISTS_OF_ONE and field.get("type") == "array":
        several = {key: field.pop(key) for key in ("type", "items") if key in field}
        field["anyOf"] = [several, several["items"]]


def _mappings(field: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The mappings in it whose names have a pattern."""
    if "patternProperties" in field:
        yield field
        for inner in field["patternProperties"].values():
            yield from _mappings(inner)
    for choice in field.get("anyOf", []):
        yield from _mappings(choice)
