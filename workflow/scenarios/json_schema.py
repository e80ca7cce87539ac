"""The JSON Schema of a scenario's form, for editors: completion, hints, red lines while one types.

JSON Schema 2020-12, as pydantic writes it from the models of `document`. What a schema cannot say is said
when a scenario is read. The copy that editors load is ``docs/scenario.schema.json``; a test holds it to this.
"""

from __future__ import annotations

import json
from typing import Any

from workflow.scenarios.document import ScenarioDocument

__all__ = ["scenario_schema", "scenario_schema_text"]

SCHEMA_ID = "urn:makegood:schema:scenario"
_FILLED = {"type": "string", "pattern": "<[^<>]+>", "description": "A value in angle brackets."}
_SUBJECTS = "^[^:]+:.+$"
"""What is a subject's key, among the fields of `then`."""


def scenario_schema() -> dict[str, Any]:
    """The schema as plain JSON values."""
    schema = ScenarioDocument.model_json_schema(by_alias=True)
    _drop_titles(schema)
    parts = schema["$defs"]
    subjects = _fillable(parts["Then"]["properties"].pop("subjects")["additionalProperties"])
    for name, part in parts.items():
        parts[name] = _fillable(part)
    then = parts["Then"]
    then["patternProperties"] = {_SUBJECTS: subjects}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "A scenario of makegood",
        **schema,
        "oneOf": [{"required": ["scenario"]}, {"required": ["beginning"]}],
    }


def scenario_schema_text() -> str:
    """The schema as the text of its file."""
    return json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n"


def _drop_titles(node: Any) -> None:
    """Titles say again what a field is called."""
    if isinstance(node, list):
        for one in node:
            _drop_titles(one)
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for one in node.values():
            _drop_titles(one)


def _fillable(node: Any) -> Any:
    """The same, where a value in angle brackets may stand for all but plain texts, which hold it anyway."""
    if isinstance(node, list):
        return [_fillable(one) for one in node]
    if not isinstance(node, dict):
        return node
    is_mapping = node.get("type") == "object" and "properties" not in node
    if is_mapping or node.get("type") in {"integer", "array"} or node.keys() & {"enum", "const", "pattern"}:
        apart = {name: node[name] for name in ("default", "description") if name in node}
        own = {name: _fillable(value) for name, value in node.items() if name not in apart}
        return {"anyOf": [own, _FILLED], **apart}
    return {name: _fillable(one) for name, one in node.items()}
