"""What all operations on resources have in common, for OpenAPI."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from workflow.api.http import entity_tags, idempotency, prefer
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import COMPONENT
from workflow.api.resources.possible import PossibleTriggers
from workflow.api.resources.sending import TriggerResult

PROBLEM_CODE = "Problem{status}"
"""The name of an answer that is a problem, by its status."""

_PROBLEMS = (
    *(Kind.MALFORMED, Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.TIMEOUT, Kind.CONFLICT),
    *(Kind.CHANGED, Kind.TOO_LARGE, Kind.INVALID, Kind.BUSY, Kind.UNAVAILABLE),
)
READING = (401, 403, 404, 422, 429, 503)
SENDING = (400, 401, 403, 404, 408, 409, 412, 413, 422, 429, 503)
"""Statuses of the problems that reading, and sending a trigger, may end with."""

PARAMETERS = {
    "Prefer": prefer.PARAMETER,
    "IfMatch": entity_tags.MATCH,
    "IfNoneMatch": entity_tags.NONE_MATCH,
    "IdempotencyKey": idempotency.PARAMETER,
}
HEADERS = {
    "ETag": {
        "description": "The revision of the subject: for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
    },
    "Location": {"description": "Where the new subject is.", "schema": {"type": "string"}},
    "PreferenceApplied": {
        "description": "Says that it was waited for, as `Prefer` wished.",
        "schema": {"type": "string"},
    },
}


def components() -> dict[str, Any]:
    """Parameters, headers, answers and schemas that operations refer to."""
    conflict = "It is not in a state in which this can be done; or the key names another request"
    return {
        "parameters": dict(PARAMETERS),
        "headers": dict(HEADERS),
        "responses": {
            PROBLEM_CODE.format(status=kind.status): described(kind)[kind.status]
            | ({"description": conflict} if kind is Kind.CONFLICT else {})
            for kind in _PROBLEMS
        },
        "schemas": schemas(),
    }


def schemas() -> dict[str, Any]:
    """Of what a trigger is answered with, and of what may happen now."""
    found: dict[str, Any] = {}
    for model in (TriggerResult, PossibleTriggers):
        document = TypeAdapter(model).json_schema(ref_template=COMPONENT, mode="serialization")
        found |= document.pop("$defs", {})
        found[model.__name__] = document
    return found


def problems(*statuses: int) -> dict[str, Any]:
    """The answers of an operation that are problems."""
    return {str(one): _ref("responses", PROBLEM_CODE.format(status=one)) for one in statuses}


def parameter(name: str) -> dict[str, str]:
    """One of the parameters that are written once."""
    return _ref("parameters", name)


def header(name: str) -> dict[str, str]:
    """One of the headers that are written once."""
    return _ref("headers", name)


def schema_of(name: str) -> dict[str, str]:
    """A schema by its name."""
    return _ref("schemas", name)


def in_json(name: str, **more: Any) -> dict[str, Any]:
    """The content of a body or an answer that has this schema."""
    return {"application/json": {"schema": schema_of(name), **more}}


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
