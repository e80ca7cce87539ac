"""What a request with events looks like, for OpenAPI; the rules are in `workflow.engine.cloudevent`."""

from __future__ import annotations

from typing import Any

from workflow.api.ingest.cloudevents import BATCHED, STRUCTURED
from workflow.engine.cloudevent import MAX_BATCH_EVENTS

_EXAMPLE = {
    "specversion": "1.0",
    "id": "5f0c1d",
    "source": "https://shop.example/orders",
    "type": "promise.make",
    "subject": "promise:P-17",
    "time": "2026-07-01T09:00:00Z",
    "data": {"words": "We call you back today", "owner": "ana", "due_at": "2026-07-01T15:00:00+02:00"},
}


def _text(meaning: str, example: str) -> dict[str, Any]:
    return {"type": "string", "description": meaning, "examples": [example]}


EVENT: dict[str, Any] = {
    "title": "CloudEvent",
    "description": "A CloudEvent 1.0 addressed to one subject.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _text("Unique within `source`; the pair again is a duplicate.", "5f0c1d"),
        "source": _text("Who says so, a URI reference.", "https://shop.example/orders"),
        "type": _text("`<lifecycle>.<trigger>`", "promise.make"),
        "subject": _text("`<lifecycle>:<id>`, of the same lifecycle.", "promise:P-17"),
        "time": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened, RFC 3339 with a zone. Absent: when it was received.",
        },
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object", "description": "What the trigger declares; anything else is kept."},
        "data_base64": _text("Instead of `data`: the bytes of its JSON text, in base64.", "e30="),
        "parent": _text(
            "Of an opening event: the key of the subject that the new one belongs to.", "promise:P-16"
        ),
        "effect": _text(
            "The idempotency key of the effect that this event is the receipt of.", "promise:P-17/2/0"
        ),
    },
    "additionalProperties": True,
    "examples": [_EXAMPLE],
}

_BINARY: dict[str, Any] = {
    "title": "Data of a CloudEvent in binary mode",
    "description": "The event's data; its attributes are the headers ce-specversion, ce-id, ce-source, "
    "ce-type, ce-subject and, if wanted, ce-time, ce-parent, ce-effect, percent-encoded.",
    "type": "object",
    "examples": [_EXAMPLE["data"]],
}

REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": "CloudEvents 1.0: structured, batched or binary. At most 64 KiB an event, 8 MiB a batch.",
    "content": {
        STRUCTURED: {"schema": EVENT},
        BATCHED: {"schema": {"type": "array", "maxItems": MAX_BATCH_EVENTS, "items": EVENT}},
        "application/json": {"schema": _BINARY},
    },
}
