"""What a request with events looks like, for OpenAPI; the rules are in `workflow.engine.cloudevent`."""

from __future__ import annotations

from typing import Any

from workflow.api.ingest.cloudevents import BATCHED, STRUCTURED
from workflow.engine.cloudevent import JSON_TYPE, MAX_BATCH_EVENTS

_EXAMPLE = {
    "specversion": "1.0",
    "id": "5f0c1d",
    "source": "https://shop.example/orders",
    "type": "promise.make",
    "subject": "promise:P-17",
    "time": "2026-07-01T09:00:00Z",
    "data": {"words": "We call you back today", "owner": "ana", "due_at": "2026-07-01T15:00:00+02:00"},
}


def _text(meaning: str, example: str, pattern: str) -> dict[str, Any]:
    return {"type": "string", "description": meaning, "pattern": pattern, "examples": [example]}


_UNPRINTABLE = r"\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff"
_NAME = "[a-z][a-z0-9_]{0,62}"
_KEY = rf"^{_NAME}:[^\s{_UNPRINTABLE}]{{1,200}}$"
_PRINTED = f"^[^{_UNPRINTABLE}]{{1,256}}$"


def _unset_or(text: dict[str, Any]) -> dict[str, Any]:
    """An optional attribute: null says that it is unset (2.2 of the JSON format)."""
    return text | {"type": ["string", "null"]}


EVENT: dict[str, Any] = {
    "title": "CloudEvent",
    "description": "A CloudEvent 1.0 addressed to one subject. Attributes that are not named here are taken, "
    "and not kept.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _text("Unique within `source`; the pair again is a duplicate.", "5f0c1d", _PRINTED),
        "source": _text("Who says so, a URI reference.", "https://shop.example/orders", _PRINTED),
        "type": _text("`<lifecycle>.<trigger>`", "promise.make", rf"^{_NAME}\.{_NAME}$"),
        "subject": _text("`<lifecycle>:<id>`, of the same lifecycle.", "promise:P-17", _KEY),
        "time": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When it happened, RFC 3339 with a zone. Absent: when it was received.",
        },
        "datacontenttype": _unset_or(
            _text(
                "Of any type that says JSON; absent: application/json.", "application/json", f"^{JSON_TYPE}$"
            )
        ),
        "data": {
            "type": ["object", "null"],
            "description": "What the trigger declares; anything else is kept.",
        },
        "data_base64": _unset_or(
            _text(
                "Instead of `data`: the bytes of its JSON text, in base64.", "e30=", r"^[A-Za-z0-9+/]*={0,2}$"
            )
        ),
        "parent": _unset_or(
            _text(
                "Of an opening event: the key of the subject that the new one belongs to.",
                "promise:P-16",
                _KEY,
            )
        ),
        "effect": _unset_or(
            _text(
                "The idempotency key of the effect that this event is the receipt of.",
                "promise:P-17/2/0",
                _PRINTED,
            )
        ),
        "traceparent": {
            "description": "The span that it came from (W3C Trace Context). Left out, or not well formed: "
            "that of the request, where traces are sent.",
            "examples": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        },
        "tracestate": {
            "description": "What vendors have written down beside it; kept and handed on with it.",
            "examples": ["congo=t61rcWkgMzE"],
        },
    },
    "anyOf": [
        {"properties": {"data": {"type": "null"}}},
        {"properties": {"data_base64": {"type": "null"}}},
    ],
    "additionalProperties": True,
    "examples": [_EXAMPLE],
}

_BINARY: dict[str, Any] = {
    "title": "Data of a CloudEvent in binary mode",
    "description": "The event's data; its attributes are the headers ce-specversion, ce-id, ce-source, "
    "ce-type, ce-subject and, if wanted, ce-time, ce-parent, ce-effect, ce-traceparent, ce-tracestate, "
    "percent-encoded.",
    "type": "object",
    "additionalProperties": True,
    "examples": [_EXAMPLE["data"]],
}

REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": "CloudEvents 1.0: structured, batched or binary. At most 64 KiB an event, 8 MiB a batch.",
    "content": {
        STRUCTURED: {"schema": EVENT},
        BATCHED: {
            "schema": {
                "type": "array",
                "maxItems": MAX_BATCH_EVENTS,
                "items": EVENT,
                "examples": [[_EXAMPLE]],
            }
        },
        "application/json": {"schema": _BINARY},
    },
}
