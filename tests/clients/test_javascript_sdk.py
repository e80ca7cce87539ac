"""The CloudEvents SDK for JavaScript: what it sends is kept, in each content mode."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.conftest import JAVASCRIPT
from tests.clients.sent_events import SENT_EVENTS, SentEvent, is_kept

UNESCAPED = SENT_EVENTS["all that a header must escape"]


def _told(sent: SentEvent, client: str) -> dict[str, Any]:
    return {
        "attributes": sent.described(client),
        "data": sent.data,
        "bytes": b64encode(sent.bytes_of_data()).decode() if sent.as_bytes else None,
    }


@pytest.fixture
def answers(served: httpx.Client, node: str, javascript_packages: Path) -> Any:
    """What is answered to events that the SDK sends in a mode."""

    def send(mode: str, events: list[SentEvent]) -> list[list[Any]]:
        asked = {
            "url": str(served.base_url.join("/v1/events")),
            "authorization": served.headers["Authorization"],
            "mode": mode,
            "events": [_told(sent, f"javascript-{mode}") for sent in events],
        }
        done = subprocess.run(
            [node, str(JAVASCRIPT / "send.cjs")],
            input=json.dumps(asked),
            env={**os.environ, "NODE_PATH": str(javascript_packages)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        found: list[list[Any]] = json.loads(done.stdout)
        return found

    return send


@pytest.mark.parametrize("mode", ["structured", "emitter", "binary"])
def test_events_are_kept(served: httpx.Client, answers: Any, mode: str) -> None:
    """In binary mode without the one that the SDK does not escape."""
    events = [sent for sent in SENT_EVENTS.values() if mode != "binary" or sent is not UNESCAPED]
    found = answers(mode, events)
    assert [(status, body.get("accepted")) for status, body in found] == [(202, 1)] * len(events), found
    for sent in events:
        is_kept(served, sent, f"javascript-{mode}")


def test_a_batch_is_kept(served: httpx.Client, answers: Any) -> None:
    """The SDK writes single events; a batch is an array of them (4.1 of the JSON format)."""
    ((status, body),) = answers("batch", list(SENT_EVENTS.values()))
    assert (status, body.get("accepted")) == (202, len(SENT_EVENTS)), body
    for sent in SENT_EVENTS.values():
        is_kept(served, sent, "javascript-batch")


def test_what_it_does_not_escape_is_never_guessed_at(served: httpx.Client, answers: Any) -> None:
    """The encoding of a header beyond ASCII its sender alone knows; beyond Latin 1 Node.js sends none."""
    latin = SentEvent("Größe", data={"a": 1})
    (refused, _), (status, body) = answers("binary", [UNESCAPED, latin])
    assert refused == "refused"
    assert status == 422, body
    assert {(one["field"], one["rule"]) for one in body["errors"]} <= {
        (f"ce-{name}", "percent-encoding") for name in ("id", "source", "subject")
    }
    assert served.get("/v1/subjects/promise:javascript-binary-Größe").status_code == 404
