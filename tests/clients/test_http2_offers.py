"""Clients that offer HTTP/2 with their first request over plain HTTP: their events are kept whole.

The bytes of such requests are in tests/api/test_upgrade_offers.py; here the clients themselves send.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.conftest import JAVASCRIPT
from tests.clients.sent_events import SENT_EVENTS, SentEvent, is_kept

JAVA = Path(__file__).parent / "java" / "Offer.java"
STRUCTURED = "application/cloudevents+json"
EVENTS = pytest.mark.parametrize(
    "sent", [SENT_EVENTS[name] for name in ("texts", "nothing")], ids=["texts", "nothing"]
)


def _body(sent: SentEvent, client: str) -> str:
    data = {} if sent.data is None else {"data": sent.data}
    return json.dumps(sent.described(client) | data, ensure_ascii=False)


def _sends(command: list[str], served: httpx.Client, sent: SentEvent, client: str) -> None:
    """Have a program send an event, which it reads; it prints status and body of the answer."""
    arguments = [str(served.base_url.join("/v1/events")), served.headers["Authorization"]]
    done = subprocess.run(
        [*command, *arguments], input=_body(sent, client).encode(), capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    answer: Any = json.loads(done.stdout)
    assert (answer[0], answer[1].get("accepted")) == (202, 1), answer
    is_kept(served, sent, client)


@EVENTS
def test_node(served: httpx.Client, node: str, sent: SentEvent) -> None:
    _sends([node, str(JAVASCRIPT / "offer.cjs")], served, sent, "offering-node")


@EVENTS
def test_java(served: httpx.Client, sent: SentEvent) -> None:
    """Of the JDK's own client; without Java nothing is said about it, in CI neither."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("java is missing: its HttpClient is not tried")
    # Two flags keep the compiler and the collector small; what is sent is the same.
    _sends([java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", str(JAVA)], served, sent, "offering-java")


@EVENTS
def test_curl(served: httpx.Client, curl: str, sent: SentEvent) -> None:
    command = [curl, "--http2", "--silent", "--noproxy", "*", "--write-out", "\n%{http_code} %{http_version}"]
    for name, value in {"Authorization": served.headers["Authorization"], "Content-Type": STRUCTURED}.items():
        command += ["--header", f"{name}: {value}"]
    url = str(served.base_url.join("/v1/events"))
    done = subprocess.run(
        [*command, "--data-binary", "@-", url],
        input=_body(sent, "offering-curl"),
        capture_output=True,
        text=True,
        timeout=30,
    )
    body, _, told = done.stdout.rpartition("\n")
    assert (told, json.loads(body).get("accepted")) == ("202 1.1", 1), done.stdout
    is_kept(served, sent, "offering-curl")


@EVENTS
def test_httpx(served: httpx.Client, sent: SentEvent) -> None:
    headers = {
        "Content-Type": STRUCTURED,
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAMAAABkAAQAoAAAAAIAAAAA",
    }
    answer = served.post("/v1/events", content=_body(sent, "offering-httpx").encode(), headers=headers)
    assert (answer.status_code, answer.http_version) == (202, "HTTP/1.1"), answer.text
    is_kept(served, sent, "offering-httpx")
