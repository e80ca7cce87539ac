"""CloudEvents over HTTP: which JSON documents a request carries.

Source: HTTP Protocol Binding for CloudEvents 1.0.2: 3.1 binary, 3.2 structured, 3.3 batched content
mode. What the documents must hold is `workflow.engine.cloudevent.parse`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.datastructures import Headers

from state_machines.errors import Problem
from workflow.api.http.json_text import decode
from workflow.api.http.media_type import MediaType, media_type
from workflow.api.http.problems import Kind, Refusal
from workflow.engine.cloudevent import (
    MAX_BATCH_BYTES,
    MAX_BATCH_EVENTS,
    MAX_EVENT_BYTES,
    CloudEvent,
    parse,
)
from workflow.errors import InvalidEvent

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
RawHeaders = list[tuple[bytes, bytes]]
_HEADER = "ce-"
_NOT_HEADERS = {"data", "data_base64", "datacontenttype"}


class Mode(Enum):
    """How a request carries events (content mode of the binding)."""

    STRUCTURED = "structured"
    BATCHED = "batched"
    BINARY = "binary"

    @property
    def most_bytes(self) -> int:
        """How long a body may be."""
        return MAX_BATCH_BYTES if self is Mode.BATCHED else MAX_EVENT_BYTES

    @property
    def carries(self) -> str:
        """What a body is, for people."""
        return "a batch" if self is Mode.BATCHED else "an event"


_PLAIN: dict[bytes | None, Mode] = {STRUCTURED.encode(): Mode.STRUCTURED, BATCHED.encode(): Mode.BATCHED}
"""Content types that need no closer look."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A request's mode, headers and body, not yet understood."""

    mode: Mode
    headers: RawHeaders
    body: bytes


def mode_of(firsts: Mapping[bytes, bytes], raw: RawHeaders) -> Mode:
    """How a request carries events. Raises Refusal when it carries none that are understood.

    Args:
        firsts: by name, the first header of that name.
        raw: all headers, names in lower case, as ASGI has them.
    """
    plain = _PLAIN.get(firsts.get(b"content-type"))
    if plain is not None and b"content-encoding" not in firsts:
        return plain
    headers = Headers(raw=raw)
    return _mode(media_type(headers), headers)


def events_of(carried: Carried) -> list[CloudEvent]:
    """The events that a request carries. Raises Refusal with every problem of every event."""
    events: list[CloudEvent] = []
    problems: list[Problem] = []
    for field, document in _documents(carried):
        try:
            events.append(parse(document, field=field))
        except InvalidEvent as error:
            problems += error.problems
    if problems:
        raise Refusal(Kind.INVALID, [named(carried.mode, problem) for problem in problems])
    return events


def named(mode: Mode, problem: Problem) -> Problem:
    """The problem with its field called what the sender calls it: in binary mode attributes are headers."""
    if mode is not Mode.BINARY or problem.field.split(".")[0] == "data":
        return problem
    return replace(problem, field=_HEADER + problem.field)


def _mode(kind: MediaType, headers: Headers) -> Mode:
    if kind.name == STRUCTURED:
        return Mode.STRUCTURED
    if kind.name == BATCHED:
        return Mode.BATCHED
    if kind.name.startswith("application/cloudevents"):
        raise _not_understood(f"{kind.name!r} is not JSON, the only format that is understood")
    if not any(name.startswith(_HEADER) for name in headers):
        raise _not_understood(
            f"send {STRUCTURED}, {BATCHED}, or application/json with the event's attributes in ce-* headers"
        )
    if kind.name and not kind.is_json:
        raise _not_understood(f"an event's data must be application/json, not {kind.name!r}")
    return Mode.BINARY


def _documents(carried: Carried) -> list[tuple[str, Any]]:
    """Each event's path within the body, and its JSON document in structured form."""
    if carried.mode is Mode.BINARY:
        return [("", _from_headers(Headers(raw=carried.headers)) | _data(carried))]
    value = decode(carried.body, "")
    if carried.mode is Mode.STRUCTURED:
        return [("", value)]
    if not isinstance(value, list):
        raise Refusal.of(Kind.INVALID, "body", "batch", "a batch must be a JSON array of events")
    if len(value) > MAX_BATCH_EVENTS:
        raise Refusal.of(
            Kind.TOO_LARGE,
            "body",
            "batch-length",
            f"a batch may hold {MAX_BATCH_EVENTS} events, not {len(value)}",
        )
    for place, item in enumerate(value):
        if len(orjson.dumps(item)) > MAX_EVENT_BYTES:
            raise Refusal.of(
                Kind.TOO_LARGE, f"[{place}]", "size", f"an event may have {MAX_EVENT_BYTES} bytes"
            )
    return [(f"[{place}]", item) for place, item in enumerate(value)]


def _from_headers(headers: Headers) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for header, value in headers.items():
        name = header[len(_HEADER) :]
        if not header.startswith(_HEADER):
            continue
        if not value.isascii():  # of which encoding it is, only its sender knows
            message = "has bytes beyond ASCII: percent-encode them as UTF-8 (3.1.3.2 of the HTTP binding)"
            raise Refusal.of(Kind.INVALID, header, "percent-encoding", message)
        if name in _NOT_HEADERS:
            raise Refusal.of(Kind.INVALID, header, "attribute", "is not an attribute that may be a header")
        if name in document:
            raise Refusal.of(Kind.INVALID, header, "doubled-header", "is there twice")
        document[name] = _unescaped(header, value)
    return document


def _unescaped(header: str, value: str) -> str:
    """Undo quoting, then one round of percent-encoding (3.1.3.2 of the binding)."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        inner = iter(value[1:-1])
        value = "".join(next(inner, "") if character == "\\" else character for character in inner)
    try:
        return unquote(value, encoding="utf-8", errors="strict")
    except UnicodeDecodeError:
        raise Refusal.of(
            Kind.INVALID, header, "utf-8", "its percent-encoding does not stand for UTF-8"
        ) from None


def _data(carried: Carried) -> dict[str, Any]:
    return {"data": decode(carried.body, "data")} if carried.body else {}


def _not_understood(message: str) -> Refusal:
    return Refusal.of(Kind.MEDIA_TYPE, "content-type", "media-type", message)
