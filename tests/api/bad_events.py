"""Requests that must be refused, each with the status, field and rule of the answer."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.api.conftest import order

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"

Body = bytes | Callable[[], Iterator[bytes]]


class BadRequest(NamedTuple):
    """What is sent, and how it is answered."""

    name: str
    content_type: str | None
    body: Body
    status: int
    field: str
    rule: str
    headers: Mapping[str, str] = {}


def _event(**changes: Any) -> dict[str, Any]:
    document = order("place", "bad", "bad-1", amount=5) | changes
    return {name: value for name, value in document.items() if value is not ...}


def _bytes(data: bytes) -> dict[str, Any]:
    """As the SDKs of CloudEvents send data that they were given as bytes."""
    return _event(data=..., data_base64=b64encode(data).decode())


def _with(**data: Any) -> dict[str, Any]:
    return _event(data={"amount": 5} | data)


def _promise(**data: Any) -> dict[str, Any]:
    promised = {"words": "soon", "owner": "ada", "due_at": "2026-07-02T00:00:00Z"} | data
    return _event(type="promise.make", subject="promise:bad", data=promised)


def _nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


def _one(name: str, event: Any, status: int, field: str, rule: str) -> BadRequest:
    return BadRequest(name, STRUCTURED, json.dumps(event).encode(), status, field, rule)


def _many(name: str, events: Any, status: int, field: str, rule: str) -> BadRequest:
    return BadRequest(name, BATCHED, json.dumps(events).encode(), status, field, rule)


def _binary(
    name: str, status: int, field: str, rule: str, body: bytes = b'{"amount": 5}', **ce: str
) -> BadRequest:
    attributes = {
        "specversion": "1.0",
        "id": "bad-1",
        "source": "/tests",
        "type": "order.place",
        "subject": "order:bad",
    } | ce
    headers = {f"ce-{attribute}": value for attribute, value in attributes.items() if value != "absent"}
    return BadRequest(name, "application/json", body, status, field, rule, headers)


def _endless() -> Iterator[bytes]:
    """More than an event may have, without saying beforehand how much."""
    yield b'{"data": {"text": "'
    for _ in range(200):
        yield b"x" * 1024
    yield b'"}}'


_BATCH = [order("place", f"bad-{n}", f"bad-{n}", amount=5) for n in range(3)]

BAD_REQUESTS = [
    # what the event is
    _one("an event that is no object", [1, 2], 422, "event", "type"),
    _one("no specversion", _event(specversion=...), 422, "specversion", "specversion"),
    _one("a specversion of the past", _event(specversion="0.3"), 422, "specversion", "specversion"),
    _one("no id", _event(id=...), 422, "id", "required"),
    _one("an empty id", _event(id=""), 422, "id", "form"),
    _one("an id that is a number", _event(id=7), 422, "id", "type"),
    _one("an id with a line break", _event(id="a\nb"), 422, "id", "form"),
    _one("no source", _event(source=...), 422, "source", "required"),
    _one("no type", _event(type=...), 422, "type", "required"),
    _one("a type without a trigger", _event(type="order"), 422, "type", "form"),
    _one(
        "an unknown lifecycle",
        _event(type="ordre.place", subject="ordre:1"),
        422,
        "type",
        "unknown-lifecycle",
    ),
    _one("an unknown trigger", _event(type="order.plaec"), 422, "type", "unknown-trigger"),
    _one("no subject", _event(subject=...), 422, "subject", "required"),
    _one("a subject without an id", _event(subject="order:"), 422, "subject", "form"),
    _one("a subject with a space", _event(subject="order:a b"), 422, "subject", "form"),
    _one("a subject that is too long", _event(subject="order:" + "x" * 201), 422, "subject", "form"),
    _one("a subject of another lifecycle", _event(subject="promise:1"), 422, "subject", "subject-lifecycle"),
    _one("a time without a zone", _event(time="2026-07-01T12:00:00"), 422, "time", "no-zone"),
    _one("a time that does not exist", _event(time="2026-02-30T12:00:00Z"), 422, "time", "instant-exists"),
    _one("a time that is a number", _event(time=1751371200), 422, "time", "instant-form"),
    _one("a parent that is no key", _event(parent="nobody"), 422, "parent", "form"),
    _one("data twice", _event(data_base64="e30="), 422, "data_base64", "data-twice"),
    _one("bytes that are no text", _event(data=..., data_base64=["e30="]), 422, "data_base64", "type"),
    _one("bytes that are not base64", _event(data=..., data_base64="e30"), 422, "data_base64", "base64"),
    _one("bytes that are not UTF-8", _bytes(b'{"a": "\xfc"}'), 422, "data_base64", "utf-8"),
    _one("bytes that are not JSON", _bytes(b"amount=5"), 422, "data_base64", "json"),
    _one("bytes that are no object", _bytes(b"[1]"), 422, "data_base64", "type"),
    _one("bytes with a member twice", _bytes(b'{"a": 1, "a": 2}'), 422, "data_base64", "doubled-member"),
    _one(
        "bytes with a long integer",
        _bytes(b'{"a": [{"b": %d}]}' % 2**64),
        422,
        "data_base64.a[0].b",
        "integer-range",
    ),
    _one(
        "bytes that are an image",
        _bytes(b"{}") | {"datacontenttype": "image/png"},
        422,
        "datacontenttype",
        "json-data",
    ),
    _one("data that is XML", _event(datacontenttype="text/xml"), 422, "datacontenttype", "json-data"),
    _one("data that is a list", _event(data=[1]), 422, "data", "type"),
    # what its trigger declares
    _one("a required field is missing", _event(data={}), 422, "data.amount", "required"),
    _one("a field of the wrong type", _with(amount="5"), 422, "data.amount", "type"),
    _one("a number too small", _with(amount=0), 422, "data.amount", "minimum"),
    _one("a number too large", _with(amount=1001), 422, "data.amount", "maximum"),
    _one("a text too long", _with(note="x" * 21), 422, "data.note", "max-length"),
    _one("a value out of the list", _with(colour="blue"), 422, "data.colour", "enum"),
    _one("an item of the wrong type", _with(lines=["a", 2]), 422, "data.lines[1]", "type"),
    _one("due_at without a zone", _with(due_at="2026-07-01T12:00:00"), 422, "data.due_at", "no-zone"),
    _one(
        "due_at on the 30th of February",
        _with(due_at="2026-02-30T12:00:00Z"),
        422,
        "data.due_at",
        "instant-exists",
    ),
    _one("due_at at hour 25", _with(due_at="2026-07-01T25:00:00Z"), 422, "data.due_at", "instant-exists"),
    _one("a duration that is none", _with(wait="one hour"), 422, "data.wait", "duration-form"),
    _one(
        "an integer of more than 64 bits",
        _with(more=[{"big": 2**64}]),
        422,
        "data.more[0].big",
        "integer-range",
    ),
    _one("one below zero", _with(big=-(2**63) - 1), 422, "data.big", "integer-range"),
    _one("one of very many digits", _with(big=10**4000), 422, "data.big", "integer-range"),
    _one("one outside of the data", _event(priority=2**70), 422, "priority", "integer-range"),
    _one("an id with a control character of C1", _event(id="a\x85b"), 422, "id", "form"),
    _one("a subject with one", _event(subject="order:a\x9fb"), 422, "subject", "form"),
    _one("a source with what is no character", _event(source="/a\ufdd0"), 422, "source", "form"),
    _one("a subject with another", _event(subject="order:\U0010ffff"), 422, "subject", "form"),
    _one("a wait of three thousand years", _with(wait="P999999D"), 422, "data.wait", "duration-length"),
    _one("due_at in the year 1", _with(due_at="0001-01-01T00:00:00Z"), 422, "data.due_at", "instant-range"),
    _one("due_at in the year 26", _with(due_at="0026-07-01T12:00:00Z"), 422, "data.due_at", "instant-range"),
    _one("a lead of a promise", _promise(warn_before="P999999D"), 422, "data.warn_before", "duration-length"),
    _one(
        "a promise due in the year 1",
        _promise(due_at="0001-01-02T00:00:00Z"),
        422,
        "data.due_at",
        "instant-range",
    ),
    _one(
        "a level of a ladder",
        _promise(ladder=[{"people": ["ada"], "within": "PT1H"}, {"people": ["bo"], "within": "P36526D"}]),
        422,
        "data.ladder[1].within",
        "duration-length",
    ),
    _one("the character NUL", _with(note="a\x00b"), 422, "data", "nul"),
    _one("deep nesting", _with(note=_nested(40)), 422, "data", "depth"),
    # what the body is
    BadRequest("nesting that no parser follows", STRUCTURED, b"[" * 5000 + b"]" * 5000, 422, "body", "depth"),
    BadRequest("not JSON", STRUCTURED, b"specversion=1.0", 400, "body", "json"),
    BadRequest("nothing", STRUCTURED, b"", 400, "body", "json"),
    BadRequest("not a number", STRUCTURED, b'{"id": NaN}', 400, "body", "json"),
    BadRequest("not UTF-8", STRUCTURED, b'{"id": "caf\xe9"}', 400, "body", "utf-8"),
    BadRequest("a member twice", STRUCTURED, b'{"id": "1", "id": "2"}', 400, "body", "doubled-member"),
    BadRequest(
        "a member twice, one of them escaped",
        STRUCTURED,
        b'{"a\\u003a": 1, "a:": 2}',
        400,
        "body",
        "doubled-member",
    ),
    _one("an event too large", _with(more="x" * 70_000), 413, "body", "size"),
    BadRequest("an event too large, in pieces", STRUCTURED, _endless, 413, "body", "size"),
    # how it is sent
    BadRequest("no content type", None, b"{}", 415, "content-type", "media-type"),
    BadRequest("plain JSON without headers", "application/json", b"{}", 415, "content-type", "media-type"),
    BadRequest("a form", "application/x-www-form-urlencoded", b"id=1", 415, "content-type", "media-type"),
    BadRequest(
        "CloudEvents as XML", "application/cloudevents+xml", b"<e/>", 415, "content-type", "media-type"
    ),
    BadRequest("another charset", f"{STRUCTURED}; charset=iso-8859-1", b"{}", 415, "content-type", "charset"),
    BadRequest(
        "compressed",
        STRUCTURED,
        b"\x1f\x8b",
        415,
        "content-encoding",
        "encoding",
        {"Content-Encoding": "gzip"},
    ),
    # batches
    _many("a batch that is no list", _event(), 422, "body", "batch"),
    _many("a batch too long", [{}] * 1001, 413, "body", "batch-length"),
    _many("an id twice in a batch", [*_BATCH, _BATCH[0]], 422, "[3].id", "doubled-id"),
    _many("one bad event among good ones", [*_BATCH, _event(id=...)], 422, "[3].id", "required"),
    _many("an integer in a batch", [*_BATCH, _with(big=2**64)], 422, "[3].data.big", "integer-range"),
    _many("a batch of one that is bad", [_event(type="order.plaec")], 422, "[0].type", "unknown-trigger"),
    _many("a batch with an event too large", [*_BATCH, _with(more="x" * 70_000)], 413, "[3]", "size"),
    BadRequest("a batch too large", BATCHED, b"[" + b" " * (8 << 20) + b"]", 413, "body", "size"),
    # binary mode
    _binary("binary without an id", 422, "ce-id", "required", id="absent"),
    _binary("binary without a source", 422, "ce-source", "required", source="absent"),
    _binary("binary without a specversion", 422, "ce-specversion", "specversion", specversion="absent"),
    _binary("binary with a wrong time", 422, "ce-time", "instant-form", time="yesterday"),
    _binary("binary with bytes that are not UTF-8", 422, "ce-subject", "utf-8", subject="order:%ff"),
    _binary("binary with raw bytes", 422, "ce-subject", "percent-encoding", subject="order:M\xc3\xbcller"),
    _binary("binary with raw bytes of Latin-1", 422, "ce-id", "percent-encoding", id="M\xfcller"),
    _binary("binary with a control character of C1", 422, "ce-id", "form", id="a%C2%85b"),
    _binary("binary with one in the subject", 422, "ce-subject", "form", subject="order:a%C2%9Fb"),
    _binary("binary with one in the source", 422, "ce-source", "form", source="/a%C2%80"),
    _binary("binary with a long integer", 422, "data.a[1]", "integer-range", body=b'{"a": [1, %d]}' % 2**64),
    _binary("binary with data in a header", 422, "ce-data", "attribute", data="{}"),
    _binary("binary with bad data", 422, "data.amount", "type", body=b'{"amount": "5"}'),
    _binary("binary with data that is not JSON", 400, "body", "json", body=b"amount=5"),
]
