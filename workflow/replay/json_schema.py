"""The JSON Schema of a map's form, for editors: completion, hints, red lines while one types.

JSON Schema 2020-12, as pydantic writes it from the models of `map`, and with the short forms that a map may
take: a bare text for a rule. What it cannot say is said when a map is read. The copy that editors load is
``docs/map.schema.json``; a test holds it to this.
"""

import json
from typing import Any

from workflow.replay.map import ReplayMap

__all__ = ["map_schema", "map_schema_text"]

SCHEMA_ID = "urn:makegood:schema:map"

_TEXT = {"type": "string"}
_BARE: dict[str, list[dict[str, Any]]] = {
    "SubjectRule": [_TEXT],
    "TimeRule": [_TEXT],
    "DataRule": [_TEXT],
    "ZoneRule": [_TEXT],
    "Opening": [_TEXT],
    "IdRule": [_TEXT, {"type": "array", "items": _TEXT}],
}
"""What may stand where one of these rules may."""


def map_schema() -> dict[str, Any]:
    """The schema as plain JSON values."""
    schema = ReplayMap.model_json_schema()
    parts = schema["$defs"]
    for name, bare in _BARE.items():
        parts[name] = {"anyOf": [parts[name], *bare]}
    _allow_one_for_many(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "A map of makegood",
    }


def _allow_one_for_many(value: Any) -> None:
    """Wherever a list of values may stand, one of them may; and no part needs a title."""
    if isinstance(value, list):
        for one in value:
            _allow_one_for_many(one)
    elif isinstance(value, dict):
        for one in value.values():
            _allow_one_for_many(one)
        if isinstance(value.get("title"), str):
            del value["title"]
        items = value.get("items")
        if value.get("type") == "array" and isinstance(items, dict) and "$ref" not in items:
            rest = {key: value.pop(key) for key in ("default", "description") if key in value}
            many = dict(value)
            value.clear()
            value |= {**rest, "anyOf": [many, dict(items)]}


def map_schema_text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(map_schema(), indent=2, ensure_ascii=False) + "\n"
