"""Operations are alike if nothing but names of states and fields tells how they are asked apart."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.api.alike_operations import unlike

REASON = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 200}}}


def read(fields: str) -> dict[str, Any]:
    """An operation that reads one, with the fields that its data has."""
    pattern = rf"^(key|data\.({fields}))$"
    return {
        "description": f"With {fields}",
        "parameters": [{"name": "fields", "in": "query", "schema": {"type": "string", "pattern": pattern}}],
        "responses": {"200": {}, "404": {}},
    }


def listed(*states: str) -> dict[str, Any]:
    """An operation that lists those in some states."""
    schema = {"type": "array", "items": {"type": "string", "enum": list(states)}}
    return {"parameters": [{"name": "state", "in": "query", "schema": schema}], "responses": {"200": {}}}


def moved() -> dict[str, Any]:
    """An operation with a body that is described elsewhere."""
    schema = {"$ref": "#/components/schemas/Reason"}
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {"202": {}}}


def document(**operations: dict[str, Any]) -> dict[str, Any]:
    """Each as a POST at a path of its own."""
    paths = {f"/{name}": {"post": one | {"operationId": name}} for name, one in operations.items()}
    return {"paths": paths, "components": {"schemas": {"Reason": REASON}}}


def test_names_and_what_is_told_make_no_difference() -> None:
    reads = {"b": read("owner|words"), "a": read("zone")}
    said = document(**reads, d=listed("made", "kept"), c=listed("set"), e=moved())
    assert unlike(said, ["a", "b", "c", "d", "e"]) == ["a", "c", "e"]
    assert unlike(said, ["b", "d"]) == ["b", "d"]


@pytest.mark.parametrize(("path", "value"), [
    (("responses", "409"), {}),
    (("requestBody", "required"), True),
    (("requestBody", "content", "application/json", "schema"), {"type": "string"}),
    (("requestBody", "content", "application/json", "schema"), {**REASON, "properties": {}}),
    (("parameters",), [{"name": "id", "in": "path", "schema": {"type": "string", "pattern": "^a$"}}]),
])  # fmt: skip
def test_whatever_is_taken_or_answered_otherwise_makes_one(path: tuple[str, ...], value: object) -> None:
    other = deepcopy(moved())
    place = other
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert unlike(document(a=moved(), b=deepcopy(moved())), ["a", "b"]) == ["a"]
    assert unlike(document(a=moved(), b=other), ["a", "b"]) == ["a", "b"]
