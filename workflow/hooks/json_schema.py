"""The JSON Schema of a route's form, for editors: completion, hints, red lines while one types.

JSON Schema 2020-12, as pydantic writes it from the models of `form`, and with the short forms that a route
may take: a bare text for a rule, one event for a list of them. What it cannot say is said when a route is
read. The copy that editors load is ``docs/route.schema.json``; a test holds it to this.
"""

from __future__ import annotations

import json
from typing import Any

from workflow.hooks.form import RouteForm

SCHEMA_ID = "urn:makegood:schema:route"
_BARE = ("IdRule", "TimeRule")
"""Parts that may be a bare text: their value."""


def route_schema() -> dict[str, Any]:
    """The schema as plain JSON values."""
    schema = RouteForm.model_json_schema()
    parts = schema["$defs"]
    for name in _BARE:
        parts[name] = {"anyOf": [parts[name], {"type": "string"}]}
    events = parts["CaseRule"]["properties"]["events"]
    parts["CaseRule"]["properties"]["events"] = {"anyOf": [events, events["items"]]}
    formats = parts["TimeRule"]["anyOf"][0]["properties"]["format"]
    parts["TimeRule"]["anyOf"][0]["properties"]["format"] = {"anyOf": [formats, {"type": "string"}]}
    _untitled(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "A route of makegood",
    }


def _untitled(value: Any) -> None:
    """No part needs a title; fields of that name have an object there."""
    if isinstance(value, list):
        for one in value:
            _untitled(one)
    elif isinstance(value, dict):
        if isinstance(value.get("title"), str):
            del value["title"]
        for one in value.values():
            _untitled(one)


def route_schema_text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(route_schema(), indent=2, ensure_ascii=False) + "\n"
