"""The operations that read a lifecycle's subjects, for OpenAPI."""

from __future__ import annotations

from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from workflow.api.http.paging import paging_parameters
from workflow.api.http.parameters import LONGEST_KEY
from workflow.api.resources.components import READING, header, in_json, parameter, problems
from workflow.api.resources.naming import OperationNames, plural_of, word_of
from workflow.api.resources.parameters import (
    KEY,
    fields_parameter,
    id_parameter,
    links_of,
    query_parameter,
)


def list_operation(lifecycle: Lifecycle, names: OperationNames) -> dict[str, Any]:
    """Those that there are, page by page."""
    states: dict[str, Any] = {"type": "array", "maxItems": 50}
    states["items"] = {"type": "string", "enum": list(lifecycle.states)}
    return {
        "operationId": names.list,
        "summary": f"List {plural_of(lifecycle)}",
        "description": "Those that have been opened, the oldest first, page by page. All pages together hold "
        "every one that was there at the first page once, whatever is added meanwhile.",
        "parameters": [
            query_parameter("state", "Only in this state; several: in one of them.", states),
            query_parameter(
                "open",
                "`true`: only those in no final state; `false`: only those that ended.",
                {"type": "boolean"},
            ),
            query_parameter(
                "parent",
                "Only those that this subject opened.",
                {"type": "string", "pattern": KEY, "maxLength": LONGEST_KEY},
            ),
            fields_parameter(lifecycle.definition.data),
            *paging_parameters(),
        ],
        "responses": {
            "200": {
                "description": "A page",
                "content": in_json(names.page),
            },
            **problems(*READING),
        },
    }


def get_operation(lifecycle: Lifecycle, names: OperationNames) -> dict[str, Any]:
    """One of them."""
    return {
        "operationId": names.get,
        "summary": f"One {word_of(lifecycle)}",
        "description": "As it stands. What happened to it is `GET /v1/subjects/{key}/timeline`, when what is "
        "due, and why then, `GET /v1/subjects/{key}/explain`.",
        "parameters": [
            id_parameter(names),
            fields_parameter(lifecycle.definition.data),
            parameter("IfNoneMatch"),
        ],
        "responses": {
            "200": {
                "description": "As it stands",
                "headers": {"ETag": header("ETag")},
                "content": in_json(names.resource),
                "links": links_of(lifecycle, names),
            },
            "304": {"description": "It is as the caller has it", "headers": {"ETag": header("ETag")}},
            **problems(*READING),
        },
    }


def possible_operation(lifecycle: Lifecycle, names: OperationNames) -> dict[str, Any]:
    """What may happen to one now."""
    return {
        "operationId": names.possible,
        "summary": f"What may happen to a {word_of(lifecycle)} now",
        "description": "Every trigger that leads somewhere from its state: whether it would be taken, where "
        "that leads, and whether the caller's key may send it. Conditions that ask what an event says are "
        "answered `depends`.",
        "parameters": [id_parameter(names)],
        "responses": {
            "200": {"description": "As it stands", "content": in_json("PossibleTriggers")},
            **problems(*READING),
        },
    }
