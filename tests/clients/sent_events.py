"""Events that every client sends, and what of them has to be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

_TEXTS = {"größe": "¾ ☕ 😀", "empty": "", "quoted": '"\\/\n\t', "long": "x" * 3_000}
_NUMBERS = {
    "half": 0.5,
    "large": 1e22,
    "small": -(2**53) + 1,
    "list": [1, None, True, {"deep": []}],
    "none": None,
}


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event in no client's words.

    Attributes:
        attributes: of the CloudEvent, without `specversion`, `id`, `source`, `type` and `subject`.
        key: what `subject` is after `promise:`, and `id` and `source` have in them.
        data: None: the event has none.
        as_bytes: whether the client is given the bytes of the data's JSON text and not the data.
    """

    key: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] | None = None
    as_bytes: bool = False

    def described(self, client: str) -> dict[str, Any]:
        """All attributes, for this client's own subject, so that no two clients send the same event."""
        own = f"{client}-{self.key}"
        return {
            "specversion": "1.0",
            "id": f"id of {own}",
            "source": f"/tests/{quote(own)}",
            "type": "promise.thanks",
            "subject": f"promise:{own}",
            **self.attributes,
        }

    def bytes_of_data(self) -> bytes:
        """The JSON text of the data."""
        return json.dumps(self.data, ensure_ascii=False).encode()


SENT_EVENTS = {
    "an object": SentEvent("object", data={"amount": 5, **_NUMBERS}),
    "texts": SentEvent("texts", data=_TEXTS),
    "bytes": SentEvent("bytes", {"datacontenttype": "application/json"}, _TEXTS | _NUMBERS, as_bytes=True),
    "bytes without a type": SentEvent("untyped", {}, _TEXTS, as_bytes=True),
    "another type of JSON": SentEvent("suffix", {"datacontenttype": "application/vnd.a.b+json"}, {"a": 1}),
    "a type with a parameter": SentEvent(
        "charset", {"datacontenttype": "application/json; charset=UTF-8"}, {"a": "ü"}
    ),
    "JSON as a text": SentEvent("text-json", {"datacontenttype": "text/json"}, {"a": "ü"}),
    "nothing": SentEvent("nothing"),
    "an empty object": SentEvent("empty", data={}),
    "a time in UTC": SentEvent("utc", {"time": "2026-07-01T09:30:00.125Z"}, {"a": 1}),
    "a time in a zone": SentEvent("zone", {"time": "2026-07-01T09:30:00.125+05:30"}, {"a": 1}),
    "a parent": SentEvent("parent", {"parent": "promise:above"}, {"a": 1}),
    "extensions that nobody knows": SentEvent(
        "extensions",
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "comexample": "value"},
        {"a": 1},
    ),
    "all that a header must escape": SentEvent("Ü-😀-%41-\"'\\,;=", data={"a": 1}),
}
"""By what is particular about each."""


def is_kept(http: httpx.Client, sent: SentEvent, client: str) -> None:
    """Fail unless the event stands where it can be read, and as it was sent."""
    attributes = sent.described(client)
    names = "/".join(quote(attributes[name], safe="") for name in ("source", "id"))
    found = http.get(f"/v1/events/{names}")
    assert found.status_code == 200, found.text
    assert {name: found.json()[name] for name in ("id", "source", "subject", "outcome")} == {
        name: attributes[name] for name in ("id", "source", "subject")
    } | {"outcome": "pending"}
    (entry,) = http.get(f"/v1/subjects/{quote(attributes['subject'], safe='')}").json()["timeline"]
    event = entry["event"]
    assert event["data"] == (sent.data or {})
    assert {name: event[name] for name in ("id", "source", "type")} == {
        name: attributes[name] for name in ("id", "source", "type")
    }
    assert event["parent"] == attributes.get("parent")
    if "time" in attributes:
        assert datetime.fromisoformat(event["time"]) == datetime.fromisoformat(attributes["time"])
