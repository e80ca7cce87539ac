"""The schemas of a lifecycle's subjects as answers show them, one or a page."""

from __future__ import annotations

from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from workflow.api.resources.components import schema_of
from workflow.api.resources.naming import OperationNames
from workflow.api.resources.sparse_fields import ALWAYS


def resource_schema(lifecycle: Lifecycle, names: OperationNames) -> dict[str, Any]:
    """One of them; with `fields`, only those are sure to be there that always are."""
    instant = {"type": "string", "format": "date-time"}
    or_null = {"type": ["string", "null"], "format": "date-time"}
    return {
        "type": "object",
        "description": lifecycle.definition.title,
        "required": list(ALWAYS),
        "properties": {
            "key": {"type": "string", "description": "Its address: the `subject` of events."},
            "id": {"type": "string"},
            "lifecycle": {"const": lifecycle.name},
            "version": {"type": "integer", "description": "Of the definition that it lives through."},
            "state": {"type": "string", "description": _states(lifecycle)},
            "revision": {"type": "integer", "description": "Number of the last decision that changed it."},
            "data": schema_of(names.data),
            "parent": {"type": ["string", "null"], "description": "Key of the subject that opened it."},
            "opened_at": instant,
            "changed_at": instant,
            "closed_at": or_null | {"description": "Since when it is in a final state."},
        },
    }


def _states(lifecycle: Lifecycle) -> str:
    said = [
        f"`{one.name}`: {one.description}" if one.description else f"`{one.name}`"
        for one in lifecycle.definition.states
    ]
    return " ".join(said)


def page_schema(names: OperationNames) -> dict[str, Any]:
    """Some of them."""
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": schema_of(names.resource)},
            "next": {
                "type": ["string", "null"],
                "description": "Cursor of the next page; null: that was all.",
            },
        },
    }
