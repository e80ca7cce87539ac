"""The JSON Schema of declared data for OpenAPI: what is checked, with what the definition says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.definitions.data_rules import schema
from state_machines.form.fields import FORMATS, FieldDeclaration
from workflow.api.resources.format_schemas import format_schema

_STANDARD = frozenset({"date-time", "date", "duration", "email", "uri"})
"""Formats that JSON Schema has; what the others are is said in words."""

Fields = Mapping[str, FieldDeclaration]


def body_schema(fields: Fields) -> dict[str, Any]:
    """Of the body of a trigger, which has these fields; others are kept as they are."""
    found = _described(schema(fields), fields, asked=True)
    if not found["required"]:
        del found["required"]
    return found


def data_schema(fields: Fields) -> dict[str, Any]:
    """Of a subject's data, of which any may not be there yet; what was taken once may be of another form."""
    return _described(schema(fields, partly=True), fields, asked=False)


def _described(found: dict[str, Any], fields: Fields, *, asked: bool) -> dict[str, Any]:
    """The schema of an object, each part with what is said of the field; `asked`: of what is to be sent."""
    for name, declared in fields.items():
        _describe(found["properties"][name], declared, asked=asked)
    return found


def _describe(part: dict[str, Any], declared: FieldDeclaration, *, asked: bool) -> None:
    if declared.fields is not None:
        _described(part, declared.fields, asked=asked)
        if not part.get("required"):
            part.pop("required", None)
    elif declared.type == "object":  # said for generators of clients: for some it were empty else,
        part.setdefault("additionalProperties", True)
    if declared.type == "array":  # and others leave out an operation with a list of they know not what
        part.setdefault("items", {})
    if declared.items is not None and "items" in part:
        _describe(part["items"], declared.items, asked=asked)
    if asked:
        part.update(format_schema(declared.format, part.get("type")))
    said = [declared.description]
    if declared.format is not None and declared.format not in _STANDARD:
        said.append(FORMATS[declared.format])
    if declared.meaning == "words":
        said.append("A text, or texts by language.")
    if declared.meaning == "person":
        said.append("An address, or an object with name, email, phone.")
    words = " ".join(one for one in said if one)
    if words:
        part["description"] = words
    if declared.default is not None:
        part["default"] = declared.default
    if declared.personal:
        part["x-makegood-personal"] = True
