"""A CloudEvent 1.0 as makegood accepts it, and how it is parsed from a JSON object.

Source of the attributes and their rules: CloudEvents specification 1.0.2, sections 3.1 and 3.2.
"""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from state_machines.errors import Problem
from state_machines.subject import KEY, KEY_FORM, NOTHING, UNPRINTABLE, split_key
from state_machines.values.instants import InstantError, format_instant, parse_instant
from workflow.engine.exact_json import inexact, inside
from workflow.engine.json_text import JsonTextError, decode
from workflow.errors import InvalidEvent
from workflow.store.own_sources import OWN_SOURCES
from workflow.telemetry.trace_context import HEADER, STATE, headers_of, trace_of

MAX_DEPTH = 32
"""How deep an event's data may nest."""
MAX_EVENT_BYTES = 64 * 1024
"""The specification asks every consumer to take 64 KiB; more is refused."""
MAX_BATCH_BYTES = 8 * 1024 * 1024
MAX_BATCH_EVENTS = 1_000

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}")
_PRINTABLE = re.compile(rf"[^{UNPRINTABLE}]{{1,256}}")

_JSON = "application/json"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # of HTTP (RFC 9110, 5.6.2)
JSON_TYPE = rf"{_TOKEN}/(?:{_TOKEN}\+)?[Jj][Ss][Oo][Nn][ \t]*(?:;.*)?"
"""The form of a content type that says JSON: ``*/json`` or ``*/*+json`` (3.1.1 of the JSON format)."""
_JSON_TYPE = re.compile(JSON_TYPE, re.DOTALL)
_DEPTH = Problem("data", "depth", f"data nests deeper than {MAX_DEPTH} levels")


class CloudEvent(NamedTuple):
    """Something that happened, addressed to one subject.

    Attributes:
        id, source: together they identify it; the same pair again is a duplicate, or an error if it says
            something else.
        type: ``<lifecycle>.<trigger>``.
        subject: the subject's key, ``<lifecycle>:<id>``.
        time: when it happened according to its source, UTC; None: when it is received.
        data: a JSON object.
        parent: extension attribute; for an opening event, the key of the new subject's parent.
        effect: extension attribute; idempotency key of the effect that this event is the receipt of.
        traceparent: extension attributes (distributed tracing); the span that it came from, by W3C's form,
            and behind a blank its `tracestate`. Of another form it is as if it had none.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime | None = None
    data: Mapping[str, Any] = NOTHING
    parent: str | None = None
    effect: str | None = None
    traceparent: str | None = None

    @property
    def lifecycle(self) -> str:
        """The lifecycle that `type` names."""
        return self.type.partition(".")[0]

    @property
    def trigger(self) -> str:
        """The trigger that `type` names."""
        return self.type.partition(".")[2]

    def to_json(self) -> dict[str, Any]:
        """The structured form, ready for `parse` and for other systems."""
        document: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }
        time = None if self.time is None else format_instant(self.time)
        extensions = {"time": time, "parent": self.parent, "effect": self.effect}
        extensions |= headers_of(self.traceparent)
        return document | {name: value for name, value in extensions.items() if value is not None}


def misfit(data: Mapping[str, Any]) -> Problem | None:
    """Why a decoded JSON object cannot be kept as an event's data; None when it can."""
    try:
        encoded = orjson.dumps(data)
    except (TypeError, ValueError) as error:
        if too_deep(data, MAX_DEPTH):
            return _DEPTH
        return inexact(data, "data") or Problem(
            "data", "json-data", f"data is not JSON that can be kept: {error}"
        )
    # A document with fewer brackets than levels are allowed cannot be too deep.
    if encoded.count(b"{") + encoded.count(b"[") > MAX_DEPTH and too_deep(data, MAX_DEPTH):
        return _DEPTH
    if b"\\u0000" in encoded and "\x00" in _all_text(data):
        return Problem("data", "nul", "data contains the character U+0000, which databases cannot keep")
    # A number that is not finite is written as null.
    return inexact(data, "data") if b"null" in encoded else None


class _Reader:
    """Reads attributes one by one and collects every problem instead of stopping at the first."""

    def __init__(self, document: Mapping[str, Any], prefix: str) -> None:
        self.document = document
        self.prefix = f"{prefix}." if prefix else ""
        self.problems: list[Problem] = []

    def refuse(self, name: str, rule: str, message: str) -> None:
        self.problems.append(Problem(f"{self.prefix}{name}", rule, message))

    def text(self, name: str, pattern: re.Pattern[str], form: str, *, required: bool = True) -> str:
        value = self.document.get(name)
        if value is None:
            if required:
                self.refuse(name, "required", f"the attribute {name!r} is missing")
        elif not isinstance(value, str):
            self.refuse(name, "type", f"the attribute {name!r} must be text")
        elif not pattern.fullmatch(value):
            self.refuse(name, "form", f"the attribute {name!r} must be {form}")
        else:
            return value
        return ""


def parse(document: Any, *, field: str = "") -> CloudEvent:
    """The event of a JSON object in CloudEvents' structured form.

    Args:
        document: the decoded JSON value.
        field: path of the object within a batch, to name in problems.

    Raises:
        InvalidEvent: with every problem found, each naming field and rule.
    """
    if type(document) is dict and (event := _plain(document)) is not None:
        return event
    if not isinstance(document, Mapping):
        raise InvalidEvent([Problem(field or "event", "type", "an event must be a JSON object")])
    reader = _Reader(document, field)
    if document.get("specversion") != "1.0":
        reader.refuse("specversion", "specversion", "must be '1.0'")
    identity = reader.text("id", _PRINTABLE, "1 to 256 printable characters")
    source = reader.text("source", _PRINTABLE, "a URI reference of 1 to 256 printable characters")
    kind = reader.text("type", _TYPE, "'<lifecycle>.<trigger>' in lower case")
    if source in OWN_SOURCES:
        reader.refuse("source", "reserved-source", f"{source!r} is a source of makegood's own events")
    subject = reader.text("subject", KEY, KEY_FORM)
    if kind and subject and split_key(subject)[0] != kind.partition(".")[0]:
        reader.refuse(
            "subject",
            "subject-lifecycle",
            f"the subject {subject!r} is not of the lifecycle of type {kind!r}",
        )
    parent = reader.text("parent", KEY, "a subject's key", required=False) or None
    effect = reader.text("effect", _PRINTABLE, "an effect's key", required=False) or None
    time = _time(reader)
    data = _data(reader)
    if reader.problems:
        raise InvalidEvent(reader.problems)
    traced = trace_of(document.get(HEADER), document.get(STATE))
    return CloudEvent(identity, source, kind, subject, time, data, parent, effect, traced)


def _plain(document: dict[str, Any]) -> CloudEvent | None:
    """The event of a document without anything unusual; None if `parse` must look closely.

    What is returned here equals what `parse` would return otherwise: a test compares the two.
    """
    look: Callable[..., Any] = document.get
    identity, source, kind, subject = look("id"), look("source"), look("type"), look("subject")
    time, data, parent, effect = look("time"), look("data"), look("parent"), look("effect")
    try:
        if not (
            look("specversion") == "1.0"
            and _PRINTABLE.fullmatch(identity)
            and _PRINTABLE.fullmatch(source)
            and source not in OWN_SOURCES
            and _TYPE.fullmatch(kind)
            and KEY.fullmatch(subject)
            and subject.partition(":")[0] == kind.partition(".")[0]
            and look("datacontenttype", _JSON) == _JSON
            and type(data) is dict
            and (parent is None or KEY.fullmatch(parent))
            and (effect is None or _PRINTABLE.fullmatch(effect))
            and "data_base64" not in document
            and misfit(data) is None
        ):
            return None
        at = None if time is None else parse_instant(time)
    except (TypeError, InstantError):
        return None
    traced = trace_of(look(HEADER), look(STATE))
    return CloudEvent(identity, source, kind, subject, at, data, parent, effect, traced)


def _time(reader: _Reader) -> datetime | None:
    value = reader.document.get("time")
    if value is None:
        return None
    try:
        return parse_instant(value)
    except InstantError as error:
        reader.refuse("time", error.rule, error.message)
        return None


def _data(reader: _Reader) -> Mapping[str, Any]:
    content = reader.document.get("datacontenttype")
    if content is not None and not (isinstance(content, str) and declares_json(content)):
        reader.refuse("datacontenttype", "json-data", f"data must be application/json, not {content!r}")
    data, encoded = reader.document.get("data"), reader.document.get("data_base64")
    try:
        if encoded is not None:
            if data is not None:
                raise JsonTextError("", "data-twice", "an event has either data or data_base64")
            data = _of_bytes(encoded)
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            raise JsonTextError("", "type", "data must be a JSON object")
    except JsonTextError as error:
        name = "data" if encoded is None else "data_base64"
        reader.refuse(inside(name, error.field) if error.field else name, error.rule, error.message)
        return {}
    problem = misfit(data)
    if problem is not None:
        reader.refuse(problem.field, problem.rule, problem.message)
        return {}
    return data


def _of_bytes(encoded: Any) -> Any:
    """What ``data_base64`` stands for: a JSON text's bytes (3.1 of the JSON format). Raises JsonTextError."""
    if not isinstance(encoded, str):
        raise JsonTextError("", "type", "data_base64 must be text")
    try:
        text = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise JsonTextError("", "base64", "is not base64 (RFC 4648, section 4)") from None
    return decode(text) if text else None


def declares_json(content: str) -> bool:
    """Whether a content type, with its parameters or without, says that data are JSON."""
    return _JSON_TYPE.fullmatch(content) is not None


def too_deep(value: Any, levels: int) -> bool:
    """Whether a decoded JSON value nests deeper than `levels`."""
    layer = [value]
    for _ in range(levels):
        layer = [
            item
            for node in layer
            if isinstance(node, Mapping | list)
            for item in (node.values() if isinstance(node, Mapping) else node)
            if isinstance(item, Mapping | list)
        ]
        if not layer:
            return False
    return True


def _all_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "".join(str(key) + _all_text(item) for key, item in value.items())
    return "".join(_all_text(item) for item in value) if isinstance(value, list) else ""
