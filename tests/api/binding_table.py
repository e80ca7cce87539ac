"""What the HTTP binding and the JSON format of CloudEvents 1.0.2 ask of who receives events, row by row.

`said` names the section of the HTTP protocol binding ("3.1.1"), of the JSON event format ("json 2.2") or of
the specification itself ("spec 3.1") and what it says there. Requests that are bad for other reasons are in
`bad_events.py`.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


class Kept(NamedTuple):
    """The event is accepted, and stands there as `attributes` and `data` say.

    Attributes:
        key: what its subject is after `order:`; its id too, unless `attributes` has one.
    """

    key: str
    data: Mapping[str, Any]
    attributes: Mapping[str, str] = {}


class Refused(NamedTuple):
    """The request is refused for this rule, and nothing is stored."""

    status: int
    field: str
    rule: str


class Row(NamedTuple):
    """What is sent, what the specification says about it, and what follows.

    Attributes:
        headers: as they are sent; authorization is added.
        expected: refused, or the events that are kept: none of them is an empty batch.
    """

    name: str
    said: str
    headers: Mapping[str, str]
    body: bytes
    expected: Refused | tuple[Kept, ...]


DATA = {"amount": 7, "note": "ü"}
_TEXT = json.dumps(DATA, ensure_ascii=False).encode()
_BASE64 = b64encode(_TEXT).decode()


def _attributes(key: str) -> dict[str, Any]:
    subject = f"order:{key}"
    return {"specversion": "1.0", "id": key, "source": "/b", "type": "order.place", "subject": subject}


def _document(key: str, **changes: Any) -> dict[str, Any]:
    """An event in structured form; a change to `...` leaves the member out."""
    document = _attributes(key) | {"data": DATA} | changes
    return {name: value for name, value in document.items() if value is not ...}


def _key(name: str) -> str:
    return name.replace(" ", "-").replace("'", "")


def _structured(
    name: str,
    said: str,
    expected: Refused | Mapping[str, Any] = DATA,
    *,
    content_type: str = STRUCTURED,
    headers: Mapping[str, str] = {},
    kept: Mapping[str, str] = {},
    **changes: Any,
) -> Row:
    key = _key(name)
    body = json.dumps(_document(key, **changes)).encode()
    end = expected if isinstance(expected, Refused) else (Kept(key, expected, kept),)
    return Row(name, said, {"Content-Type": content_type, **headers}, body, end)


def _binary(
    name: str,
    said: str,
    expected: Refused | Mapping[str, Any] = DATA,
    *,
    content_type: str | None = "application/json",
    body: bytes = _TEXT,
    kept: Mapping[str, str] = {},
    prefix: str = "ce-",
    **changes: Any,
) -> Row:
    key = _key(name)
    attributes = {**_attributes(key), **changes}
    headers = {f"{prefix}{one}": value for one, value in attributes.items() if value is not ...}
    if content_type is not None:
        headers["Content-Type"] = content_type
    end = expected if isinstance(expected, Refused) else (Kept(key, expected, kept),)
    return Row(name, said, headers, body, end)


def _batch(
    name: str, said: str, events: Any, expected: Refused | tuple[Kept, ...], content_type: str = BATCHED
) -> Row:
    return Row(name, said, {"Content-Type": content_type}, json.dumps(events).encode(), expected)


def _id(name: str, header: str, identity: str, said: str) -> Row:
    return _binary(name, said, id=header, kept={"id": identity})


_UNESCAPE = (
    "3.1.3.2: first unescaped with respect to double-quoted strings, then one round of percent-decoding"
)
_INVALID = "3.1.3.2: encoded byte sequences which are invalid in UTF-8 MUST be rejected"
_UNSET = "json 2.2: null MUST be treated as the equivalent of unset or omitted"
_NOT_EMPTY = "spec 3.1, 3.2: if present, MUST be a non-empty string"
_DECLARES = "json 3.1.1: JSON-formatted is what has the form */json or */*+json, stripped of parameters"
_EXTENSION = "spec 3.3: extension attributes may be there; json 2: as top-level members"
_BYTES = "json 3.1.2: data_base64 MUST be decoded, and may be interpreted according to datacontenttype"

ROWS = [
    # which content mode it is
    _structured("structured mode", "1.3: every implementation SHOULD support it"),
    _binary("binary mode", "1.3: every implementation SHOULD support it"),
    _batch(
        "batched mode",
        "3.3: several events in a single body",
        [_document("first-of-two"), _document("second-of-two", data={"amount": 8})],
        (Kept("first-of-two", DATA), Kept("second-of-two", {"amount": 8})),
    ),
    _structured(
        "structured with headers too",
        "3.2.3: MAY include the same headers as the binary mode; all attributes MUST be in the payload",
        headers={f"ce-{name}": "another" for name in ("id", "source", "type", "subject", "specversion")},
    ),
    _structured(
        "structured with an attribute in a header alone",
        "3.2.3: all attributes MUST be mapped into the payload, even if they are mapped into headers",
        Refused(422, "id", "required"),
        headers={"ce-id": "in-the-header"},
        id=...,
    ),
    _structured(
        "a format that nobody knows",
        "3: a format that it cannot handle, for instance application/cloudevents+avro",
        Refused(415, "content-type", "media-type"),
        content_type="application/cloudevents+avro",
    ),
    _structured(
        "no format",
        "3.2.1: Content-Type MUST be set to the media type of an event format",
        Refused(415, "content-type", "media-type"),
        content_type="application/cloudevents",
    ),
    _structured(
        "a batch's format that nobody knows",
        "3.3.1: Content-Type MUST be set to the media type of an event format",
        Refused(415, "content-type", "media-type"),
        content_type="application/cloudevents-batch+xml",
    ),
    _structured(
        "neither mode",
        "3: a message that has the mandatory attributes as headers is probably an event; this has none",
        Refused(415, "content-type", "media-type"),
        content_type="application/json",
    ),
    # parameters and letters of the content type
    _structured(
        "structured with a charset",
        "3.2.1: for example application/cloudevents+json; charset=UTF-8",
        content_type=f"{STRUCTURED}; charset=UTF-8",
    ),
    _structured(
        "structured with a quoted charset",
        "RFC 9110, 8.3.1: a parameter's value may be quoted, its name is case-insensitive",
        content_type=f'{STRUCTURED};Charset="utf-8"',
    ),
    _structured(
        "structured with another parameter",
        "RFC 9110, 8.3.1: parameters may be there",
        content_type=f"{STRUCTURED}; profile=orders",
    ),
    _structured(
        "structured in capitals",
        "RFC 9110, 8.3.1: type and subtype are case-insensitive",
        content_type="Application/CloudEvents+JSON",
    ),
    _structured(
        "structured in another charset",
        "3.2.1, RFC 8259, 8.1: JSON MUST be encoded using UTF-8",
        Refused(415, "content-type", "charset"),
        content_type=f"{STRUCTURED}; charset=utf-16",
    ),
    _batch(
        "batched with a charset",
        "3.3.1: for example application/cloudevents-batch+json; charset=UTF-8",
        [_document("batched-charset")],
        (Kept("batched-charset", DATA),),
        f"{BATCHED}; charset=UTF-8",
    ),
    # binary mode: the data
    _binary(
        "binary with a charset",
        "2.2: application/json;charset=utf-8 is UTF-8 encoded JSON text",
        content_type="application/json;charset=utf-8",
    ),
    _binary("binary with a suffix", _DECLARES, content_type="application/vnd.a.b+json"),
    _binary("binary with JSON as a text", _DECLARES, content_type="text/json"),
    _binary("binary in capitals", _DECLARES, content_type="Application/JSON"),
    _binary(
        "binary without a content type",
        "json 3.1.1: unspecified, it SHOULD be treated as application/json",
        content_type=None,
    ),
    _binary(
        "binary that is no JSON",
        "3.1.1: Content-Type is datacontenttype; here data are JSON objects",
        Refused(415, "content-type", "media-type"),
        content_type="application/xml",
        body=b"<a/>",
    ),
    _binary(
        "binary that only ends like JSON",
        _DECLARES,
        Refused(415, "content-type", "media-type"),
        content_type="application/xjson",
    ),
    _binary("binary without data", "3.1.2: the data are the body", {}, body=b"", type="order.ship"),
    _binary(
        "binary with datacontenttype in a header",
        "3.1.1: a ce-datacontenttype header MUST NOT also be present",
        Refused(422, "ce-datacontenttype", "attribute"),
        datacontenttype="application/json",
    ),
    # binary mode: the headers
    _binary("binary with names in capitals", "3.1.3.1: header names are case-insensitive", prefix="CE-"),
    _binary("binary with names in both", "3.1.3.1: header names are case-insensitive", prefix="Ce-"),
    _binary(
        "binary with an unknown extension",
        "3.1.3: all attributes are headers, extensions too",
        comexample="5",
    ),
    _binary(
        "binary with a known extension",
        "3.1.3: all attributes are headers, extensions too",
        parent="order:above",
        kept={"parent": "order:above"},
    ),
    _binary(
        "binary with a time",
        "3.1.3.2: the canonical string representation of the attribute's type",
        time="2018-04-05T19:31:00+02:00",
        kept={"time": "2018-04-05T17:31:00Z"},
    ),
    _id("the example of the binding", "Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀", "3.1.3.2: its example"),
    _id(
        "lower case hexadecimals",
        "caf%c3%a9-low",
        "café-low",
        "3.1.3.2: decoding MUST accept lower-case values",
    ),
    _id("what need not be escaped", "%61%2D%7e", "a-~", "3.1.3.2: unnecessarily encoded MUST be accepted"),
    _id("one round", "%2541-once", "%41-once", _UNESCAPE),
    _id("a plus", "a+b+c", "a+b+c", "3.1.3.2: percent-encoding alone"),
    _id("a quoted value", '"two words"', "two words", _UNESCAPE),
    _id("a quoted value with a backslash", r'"a \" and \\ b"', r'a " and \ b', _UNESCAPE),
    _id("a quoted value with percents", '"caf%C3%A9 quoted"', "café quoted", _UNESCAPE),
    _id("a lone quote", 'a"b', 'a"b', "3.1.3.2: only double-quoted values are unescaped"),
    _binary("bytes that are no UTF-8", _INVALID, Refused(422, "ce-id", "utf-8"), id="a%FF"),
    _binary("an overlong encoding", _INVALID, Refused(422, "ce-id", "utf-8"), id="a%C0%A0"),
    _binary("half of a surrogate pair", _INVALID, Refused(422, "ce-id", "utf-8"), id="a%ED%A0%80"),
    _binary("a sequence that ends early", _INVALID, Refused(422, "ce-id", "utf-8"), id="a%E2%82"),
    _binary(
        "a control character",
        "spec 3 (type system): U+0000-U+001F and U+007F-U+009F are no characters of a string",
        Refused(422, "ce-id", "form"),
        id="a%0Ab",
    ),
    _binary(
        "a header that is not ASCII",
        "3.1.3.2: headers MUST only use printable characters from the US-ASCII character set",
        Refused(422, "ce-id", "percent-encoding"),
        id="caf\u00e9",
    ),
    _binary("binary with an empty attribute", _NOT_EMPTY, Refused(422, "ce-subject", "form"), subject=""),
    _binary("binary with an empty quoted id", _NOT_EMPTY, Refused(422, "ce-id", "form"), id='""'),
    _binary("binary with an empty time", _NOT_EMPTY, Refused(422, "ce-time", "instant-form"), time=""),
    _binary("binary without id", "spec 3.1: REQUIRED", Refused(422, "ce-id", "required"), id=...),
    _binary("binary without source", "spec 3.1: REQUIRED", Refused(422, "ce-source", "required"), source=...),
    _binary("binary without type", "spec 3.1: REQUIRED", Refused(422, "ce-type", "required"), type=...),
    _binary(
        "binary without specversion",
        "spec 3.1: REQUIRED",
        Refused(422, "ce-specversion", "specversion"),
        specversion=...,
    ),
    _binary(
        "binary of another version",
        "spec 3.1: events of this version MUST use the value 1.0",
        Refused(422, "ce-specversion", "specversion"),
        specversion="0.3",
    ),
    # the JSON format: attributes
    _structured("an unset time", _UNSET, time=None),
    _structured("an unset datacontenttype", _UNSET, datacontenttype=None),
    _structured("an unset parent", _UNSET, parent=None),
    _structured("an unset effect", _UNSET, effect=None),
    _structured("an unset extension", _UNSET, comexample=None),
    _structured("unset bytes", _UNSET, data_base64=None),
    _structured("an unset id", _UNSET, Refused(422, "id", "required"), id=None),
    _structured("an unset source", _UNSET, Refused(422, "source", "required"), source=None),
    _structured("an unset type", _UNSET, Refused(422, "type", "required"), type=None),
    _structured("an unset subject", _UNSET, Refused(422, "subject", "required"), subject=None),
    _structured("an unset specversion", _UNSET, Refused(422, "specversion", "specversion"), specversion=None),
    _structured("an empty id", _NOT_EMPTY, Refused(422, "id", "form"), id=""),
    _structured("an empty source", _NOT_EMPTY, Refused(422, "source", "form"), source=""),
    _structured("an empty type", _NOT_EMPTY, Refused(422, "type", "form"), type=""),
    _structured("an empty subject", _NOT_EMPTY, Refused(422, "subject", "form"), subject=""),
    _structured("an empty time", _NOT_EMPTY, Refused(422, "time", "instant-form"), time=""),
    _structured(
        "an empty datacontenttype",
        _NOT_EMPTY,
        Refused(422, "datacontenttype", "json-data"),
        datacontenttype="",
    ),
    _structured("an empty parent", _NOT_EMPTY, Refused(422, "parent", "form"), parent=""),
    _structured("an empty effect", _NOT_EMPTY, Refused(422, "effect", "form"), effect=""),
    _structured("an id that is a number", "json 2.2: a String is a string", Refused(422, "id", "type"), id=5),
    _structured(
        "a version that is a number",
        "json 2.2: a String is a string",
        Refused(422, "specversion", "specversion"),
        specversion=1.0,
    ),
    _structured(
        "a datacontenttype that is a list",
        "json 2.2: a String is a string",
        Refused(422, "datacontenttype", "json-data"),
        datacontenttype=["application/json"],
    ),
    _structured("a text as extension", _EXTENSION, comexample="value"),
    _structured("a number as extension", _EXTENSION, comexample=5),
    _structured("a truth as extension", _EXTENSION, comexample=True),
    _structured("a schema", "spec 3.2: dataschema is OPTIONAL", dataschema="https://schemas.example/order"),
    _structured(
        "a time in another zone",
        "json 2.2: a Timestamp is a string following RFC 3339",
        time="2018-04-05T17:31:00.5-08:00",
        kept={"time": "2018-04-06T01:31:00.5Z"},
    ),
    _structured(
        "a name in capitals",
        "spec 3: attribute names MUST consist of lower-case letters or digits",
        Refused(422, "subject", "required"),
        subject=...,
        Subject="order:capital",
    ),
    # the JSON format: data
    _structured("a datacontenttype", _DECLARES, datacontenttype="application/json"),
    _structured(
        "a datacontenttype with a parameter", _DECLARES, datacontenttype="application/json; charset=utf-8"
    ),
    _structured("a datacontenttype in capitals", _DECLARES, datacontenttype="APPLICATION/JSON"),
    _structured("a datacontenttype with a suffix", _DECLARES, datacontenttype="application/vnd.a.b+json"),
    _structured("a datacontenttype of text", _DECLARES, datacontenttype="text/json"),
    _structured("a datacontenttype of its own", _DECLARES, datacontenttype="x-own/y+json"),
    _structured(
        "a datacontenttype without a type",
        _DECLARES,
        Refused(422, "datacontenttype", "json-data"),
        datacontenttype="json",
    ),
    _structured(
        "data that are no JSON",
        "json 3.1.2: an implementation MAY fail if it is unable to interpret the data",
        Refused(422, "datacontenttype", "json-data"),
        datacontenttype="application/xml",
        data='<much wow="xml"/>',
    ),
    _structured(
        "a text with JSON in it",
        "json 3.1.2: a string MUST NOT be further deserialized as a JSON document",
        Refused(422, "data", "type"),
        data='{"amount": 7}',
    ),
    _structured(
        "data of null", "json 3.1.1: MAY be null, an explicit null payload", {}, data=None, type="order.ship"
    ),
    _structured("no data", "spec 3.4: an event may have none", {}, data=..., type="order.ship"),
    _structured("bytes", _BYTES, data=..., data_base64=_BASE64),
    _structured(
        "bytes of a type", _BYTES, data=..., data_base64=_BASE64, datacontenttype="application/a+json"
    ),
    _structured("no bytes", _BYTES, {}, data=..., data_base64="", type="order.ship"),
    _structured(
        "bytes in another alphabet",
        "json 2.2: Binary is Base64, RFC 4648 section 4",
        Refused(422, "data_base64", "base64"),
        data=...,
        data_base64="e30-_w==",
    ),
    _structured(
        "data and bytes",
        "json 3.1.1: data and data_base64 are mutually exclusive",
        Refused(422, "data_base64", "data-twice"),
        data_base64=_BASE64,
    ),
    # batches
    _batch("an empty batch", "3.3.2: the batch MAY be empty", [], ()),
    _batch(
        "a batch of several kinds",
        "3.3.2: other attributes MAY differ, including the datacontenttype attribute",
        [
            _document("kind-1", datacontenttype="application/json", source="/one"),
            _document("kind-2", data=..., data_base64=_BASE64, datacontenttype="application/a+json"),
            _document("kind-3", time="2018-04-05T17:31:00Z"),
        ],
        (
            Kept("kind-1", DATA, {"source": "/one"}),
            Kept("kind-2", DATA),
            Kept("kind-3", DATA, {"time": "2018-04-05T17:31:00Z"}),
        ),
    ),
    _batch(
        "a batch of two versions",
        "3.3.2: all batched events MUST have the same specversion attribute",
        [_document("version-1"), _document("version-2", specversion="0.3")],
        Refused(422, "[1].specversion", "specversion"),
    ),
    _batch(
        "an object as a batch",
        "json 4.1: the outermost JSON element is an array",
        _document("object-as-batch"),
        Refused(422, "body", "batch"),
    ),
    _batch(
        "a batch in a batch",
        "json 4.1: an array which contains events as elements",
        [[_document("inner")]],
        Refused(422, "[0]", "type"),
    ),
    _batch(
        "an event of null",
        "json 4.1: an array which contains events as elements",
        [None],
        Refused(422, "[0]", "type"),
    ),
    _batch(
        "a batch as a single event",
        "json 4: MUST NOT be used when only support for the JSON format is indicated",
        [_document("batch-as-event")],
        Refused(422, "event", "type"),
        STRUCTURED,
    ),
]
