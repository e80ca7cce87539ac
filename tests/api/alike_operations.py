"""Which operations of an OpenAPI document are asked in the same way: one of them can stand for the others.

The operations on the subjects of a lifecycle are made of its definition. Many of them take the same: all that
read one take its id and names of its fields, all that withdraw something take a reason. A request by itself,
which finds nothing that was made before, is taken or turned away by what its operation takes alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from tests.api.described_operations import Operations
from tests.api.example_requests import meant

_TOLD = {"description", "title", "summary", "example", "examples"}
"""What a schema says to a reader."""
_FIELDS = re.compile(r"data\\\.\([a-z0-9_|]+\)")
"""Names of fields of a lifecycle's data, as the pattern of a parameter lists them."""


def unlike(document: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """One operation of each kind among these, the first by name: the others are asked in the same way.

    Alike are two with the same method, parameters and body and the same statuses of answers. Names of states
    and of fields are alike, whichever they are; a parameter that stands for a choice of the sender is not.
    """
    operations = Operations(dict(document))
    kinds: dict[str, str] = {}
    for name in sorted(names):
        kinds.setdefault(_kind(operations, name), name)
    return sorted(kinds.values())


def _kind(operations: Operations, name: str) -> str:
    """All that says how an operation is asked, as a text."""
    method, _ = operations.paths[name]
    said = operations.said[name]
    parameters = [_plain(operations.document, one) for one in said.get("parameters", ())]
    for one in parameters:
        schema = one["schema"]
        if one["name"] == "state":
            schema["items"].pop("enum")
        elif "pattern" in schema:
            schema["pattern"] = _FIELDS.sub("data.", schema["pattern"])
    body = _plain(operations.document, said.get("requestBody", {}))
    return json.dumps([method, parameters, body, sorted(said["responses"])], sort_keys=True)


def _plain(document: dict[str, Any], value: Any) -> Any:
    """A copy of a part of the document: what is referred to stands in its place, what is told is left out.

    A schema that refers to itself is not among what a lifecycle takes.
    """
    if isinstance(value, list):
        return [_plain(document, one) for one in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _plain(document, meant(document, value))
    names = value.get("properties", {})  # a property may be called as a word of the language is
    left_out = {*_TOLD, "properties"}
    copied = {name: _plain(document, one) for name, one in value.items() if name not in left_out}
    if names:
        copied["properties"] = {name: _plain(document, one) for name, one in names.items()}
    return copied
