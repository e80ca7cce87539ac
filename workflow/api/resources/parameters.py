"""Parameters of operations on resources, and links from one to another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from state_machines.definitions.lifecycle import Lifecycle
from workflow.api.resources.naming import OperationNames, word_of
from workflow.api.resources.sparse_fields import DESCRIPTION, pattern_of

KEY = r"^[^\x00-\x20\x7f]+$"
ID = r"^[^\s\x00-\x1f\x7f-\x9f]{1,200}$"
"""Of a key, as a filter takes any; and of the id of a subject."""
PARENT = {
    "name": "parent",
    "in": "query",
    "required": False,
    "description": "Key of the subject that the new one belongs to.",
    "schema": {"type": "string", "pattern": r"^[a-z][a-z0-9_]{0,62}:[!-~]{1,200}$"},
}


def which_subject(lifecycle: Lifecycle) -> dict[str, Any]:
    """The parameter by which a path names one of its subjects."""
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": f"Of the {word_of(lifecycle)}: its key, or what follows `{lifecycle.name}:` in it. "
        "A slash may stand as it is, but for the last one of an id that ends as an operation is called.",
        "schema": {"type": "string", "pattern": ID},
        "example": f"{lifecycle.name.upper()[:1]}-17",
    }


def id_parameter(names: OperationNames) -> dict[str, Any]:
    """The same, where it is only referred to."""
    return {"$ref": f"#/components/parameters/{names.id}"}


def query_parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def fields_parameter(declared: Collection[str] = ()) -> dict[str, Any]:
    """Which fields are wanted of a resource whose data has these; none: any."""
    named = {"type": "string", "maxLength": 2000, "pattern": pattern_of(declared)}
    return query_parameter("fields", DESCRIPTION, named)


class Target(NamedTuple):
    """An operation on one subject, and the parameter of its path that names it."""

    operation: str
    parameter: str


def links_to(names: OperationNames, reading: Target) -> dict[str, Any]:
    """To all that can be done with a subject, from an answer with its `id`; by operation.

    Args:
        reading: the operation that reads one, which may be older than this document.
    """
    operations = (names.possible, *names.triggers.values())
    found = {one: _link(Target(one, "id")) for one in operations}
    return {names.get: _link(reading._replace(operation=names.get)), **found}


def _link(to: Target) -> dict[str, Any]:
    return {"operationId": to.operation, "parameters": {to.parameter: "$response.body#/id"}}


def links_of(
    lifecycle: Lifecycle, names: OperationNames, *, but: str = "", only_get: bool = False
) -> dict[str, Any]:
    """From an answer that names a subject, to what can be done with it."""
    operations = [names.get]
    if not only_get:
        operations += [names.possible, *(name for one, name in names.triggers.items() if one != but)]
    return {one: {"$ref": f"#/components/links/{one}"} for one in operations}
