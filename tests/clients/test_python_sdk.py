"""The CloudEvents SDK for Python: what it sends is kept, in each content mode and of both its editions."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import conversion
from cloudevents.v1.http import CloudEvent as FirstCloudEvent

from tests.clients.sent_events import SENT_EVENTS, SentEvent, is_kept

EVENTS = pytest.mark.parametrize("sent", SENT_EVENTS.values(), ids=list(SENT_EVENTS))


def _data(sent: SentEvent) -> Any:
    if sent.as_bytes:
        return sent.bytes_of_data()
    return None if sent.data is None else dict(sent.data)


def _event(sent: SentEvent, client: str) -> CloudEvent:
    attributes = sent.described(client)
    if "time" in attributes:
        attributes["time"] = datetime.fromisoformat(attributes["time"])
    return CloudEvent(attributes, _data(sent))


@EVENTS
@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_an_event_is_kept(served: httpx.Client, sent: SentEvent, mode: str) -> None:
    client = f"python-{mode}"
    message = {"structured": to_structured_event, "binary": to_binary_event}[mode](_event(sent, client))
    answer = served.post("/v1/events", content=message.body, headers=message.headers)
    assert (answer.status_code, answer.json().get("accepted")) == (202, 1), answer.text
    is_kept(served, sent, client)


def test_a_batch_is_kept(served: httpx.Client) -> None:
    """The SDK writes single events; a batch is an array of them (4.1 of the JSON format)."""
    written = [json.loads(JSONFormat().write(_event(sent, "python-batch"))) for sent in SENT_EVENTS.values()]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    answer = served.post("/v1/events", content=json.dumps(written), headers=headers)
    assert (answer.status_code, answer.json().get("accepted")) == (202, len(written)), answer.text
    for sent in SENT_EVENTS.values():
        is_kept(served, sent, "python-batch")


@EVENTS
@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_the_first_edition_s_events_are_kept(served: httpx.Client, sent: SentEvent, mode: str) -> None:
    """It does not escape what a header cannot hold: such an event does not leave in binary mode."""
    client = f"python-first-{mode}"
    write = {"structured": conversion.to_structured, "binary": conversion.to_binary}[mode]
    headers, body = write(FirstCloudEvent(sent.described(client), _data(sent)))
    if any(not value.isascii() for value in headers.values()):
        with pytest.raises(UnicodeEncodeError):
            served.post("/v1/events", content=body or b"", headers=headers)
        return
    answer = served.post("/v1/events", content=body or b"", headers=headers)
    assert (answer.status_code, answer.json().get("accepted")) == (202, 1), answer.text
    is_kept(served, sent, client)
