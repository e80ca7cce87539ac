"""The JSON Schema of a definition's form, for editors: completion, hints, red lines while one types.

JSON Schema 2020-12, as pydantic writes it from the models of `definition`. What a schema cannot say is
said by `check`. The copy that editors load is ``docs/lifecycle.schema.json``; a test holds it to this.
"""

import json
from collections.abc import Iterator
from typing import Any

from state_machines.form.definition import Definition

__all__ = ["lifecycle_schema", "lifecycle_schema_text"]

SCHEMA_ID = "urn:makegood:schema:lifecycle"
_LISTS_OF_ONE = frozenset({"source", "in", "paused_in", "conditions", "unless", "restart", "not_on"})
"""Fields in which one text may stand for a list of one."""


def lifecycle_schema() -> dict[str, Any]:
    """The schema as plain JSON values."""
    schema = Definition.model_json_schema(by_alias=True)
    for part in [schema, *schema["$defs"].values()]:
        part.pop("title", None)
        for name, field in part.get("properties", {}).items():
            _mend(name, field)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "A lifecycle of makegood",
        **schema,
    }


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
