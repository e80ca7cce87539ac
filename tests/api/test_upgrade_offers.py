"""Clients that offer HTTP/2 with a request over plain HTTP: the offer is passed over, the body is read.

The bytes are those of `curl --http2` and of Java's HttpClient, on which Spring's RestClient and Ktor's Java
engine stand. Both send their offer with the first request of a connection to an http:// address.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.api.conftest import House, order
from workflow.access.keys import Role

CURL = (
    "User-Agent: curl/8.14.1\r\nAccept: */*\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
)
JAVA = (
    "Connection: Upgrade, HTTP2-Settings\r\n"
    "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAABgAABgAA\r\n"
    "Upgrade: h2c\r\nUser-Agent: Java-http-client/21.0.7\r\n"
)
OFFERS = {
    "curl": CURL,
    "java": JAVA,
    "a websocket": "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
    "tls": "upgrade: TLS/1.2\r\nconnection: upgrade\r\n",
    "two offers": "Upgrade: h2c\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
}
STRUCTURED = "application/cloudevents+json"


def _head(house: House, length: str, more: str, path: str = "/v1/events", kind: str = STRUCTURED) -> bytes:
    headers = {"Host": "127.0.0.1", **house.bearer(Role.OPERATOR), "Content-Type": kind}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{more}{lines}{length}\r\n\r\n".encode()


def _request(house: House, body: bytes, more: str, path: str = "/v1/events", kind: str = STRUCTURED) -> bytes:
    return _head(house, f"Content-Length: {len(body)}", more, path, kind) + body


def _answers(house: House, pieces: Sequence[bytes], number: int = 1) -> list[tuple[int, Any]]:
    """What a connection over which these pieces go, each in a packet of its own, brings back."""
    url = house.http.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        reading = connection.makefile("rb")
        found = []
        for _ in range(number):
            status = int(reading.readline().split()[1])
            length = 0
            while (line := reading.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            found.append((status, json.loads(reading.read(length) or b"null")))
        return found


def _kept(house: House, key: str) -> list[Any]:
    """The data of the events of a subject, as they stand in the ledger."""
    found = house.get(f"/v1/subjects/{key}").json()
    return [entry["event"]["data"] for entry in found["timeline"]]


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("pieces", ["in one packet", "head and body apart", "in small packets"])
def test_an_event_with_an_offer_to_switch_is_kept_whole(house: House, offer: str, pieces: str) -> None:
    key = f"{offer}-{pieces}".replace(" ", "-")
    body = json.dumps(order("place", key, key, amount=5, note="all of it")).encode()
    whole = _request(house, body, OFFERS[offer])
    cut = {
        "in one packet": [whole],
        "head and body apart": [whole[: -len(body)], body],
        "in small packets": [whole[place : place + 7] for place in range(0, len(whole), 7)],
    }[pieces]
    ((status, answer),) = _answers(house, cut)
    assert (status, answer["items"][0]["status"]) == (202, "accepted"), answer
    assert _kept(house, f"order:{key}") == [{"amount": 5, "note": "all of it"}]


def test_curl_itself_has_its_event_kept(house: House, curl: str) -> None:
    body = json.dumps(order("place", "by-curl", "by-curl", amount=5, more="x" * 3_000))
    command = [curl, "--http2", "--silent", "--noproxy", "*", "--data-binary", "@-"]
    for name, value in {**house.bearer(), "Content-Type": STRUCTURED}.items():
        command += ["--header", f"{name}: {value}"]
    url = str(house.http.base_url.join("/v1/events"))
    done = subprocess.run([*command, url], input=body, capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(done.stdout)["accepted"] == 1
    assert _kept(house, "order:by-curl") == [{"amount": 5, "more": "x" * 3_000}]


def test_a_binary_event_keeps_its_data(house: House) -> None:
    """Its attributes stand in the head, so that without its body it is an event all the same."""
    attributes = "".join(
        f"ce-{name}: {value}\r\n"
        for name, value in order("place", "binary-offer", "binary-offer").items()
        if name != "data"
    )
    request = _request(house, b'{"amount": 7}', CURL + attributes, kind="application/json")
    ((status, _),) = _answers(house, [request])
    assert status == 202
    assert _kept(house, "order:binary-offer") == [{"amount": 7}]


def test_a_chunked_body_is_read(house: House) -> None:
    body = json.dumps(order("place", "chunked-offer", "chunked-offer", amount=5)).encode()
    head = _head(house, "Transfer-Encoding: chunked", JAVA)
    ((status, _),) = _answers(house, [head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)])
    assert status == 202
    assert _kept(house, "order:chunked-offer") == [{"amount": 5}]


def test_requests_behind_one_another_each_with_an_offer_keep_their_bodies(house: House) -> None:
    events = [order("place", f"row-{n}", f"row-offer-{n}", amount=n) for n in range(1, 4)]
    bodies = [json.dumps(event).encode() for event in events]
    requests = [_request(house, body, CURL if n % 2 else "") for n, body in enumerate(bodies)]
    answers = _answers(house, [b"".join(requests)], number=3)
    assert [status for status, _ in answers] == [202] * 3
    assert [_kept(house, f"order:row-{n}")[-1]["amount"] for n in range(1, 4)] == [1, 2, 3]


def test_a_body_that_looks_like_a_request_is_a_body(house: House) -> None:
    """What was not read as a body would have been read as the next request."""
    inner = _request(house, json.dumps(order("place", "inner", "inner", amount=5)).encode(), "")
    answers = _answers(house, [_head(house, f"Content-Length: {len(inner)}", CURL), inner])
    assert answers[0][0] == 400
    assert house.get("/v1/subjects/order:inner").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/v1/effects/1/settle",
        "/v1/desk/claim",
        "/v1/reports/email",
        "/v1/policies/search",
    ],
)
def test_every_post_reads_its_body(house: House, path: str) -> None:
    """Each refuses this one for what stands in it, and not for being empty."""
    request = _request(house, b'{"surprise": 1}', JAVA, path, "application/json")
    ((status, answer),) = _answers(house, [request])
    assert status == 422, answer
    assert "body.surprise" in [one["field"] for one in answer["errors"]] or path.endswith("search"), answer


def test_fewer_bytes_than_were_announced_are_no_event(house: House) -> None:
    """Whatever serves the application, and whatever stands before it: what it hands on must be all of it."""
    body = json.dumps(order("place", "short", "short", amount=5)).encode()
    before = house.counts()

    async def post(kept: bytes) -> httpx.Response:
        async def shortened(scope: Any, receive: Any, send: Any) -> None:
            async def short() -> Any:
                return {"type": "http.request", "body": kept, "more_body": False}

            await house.app(scope, short, send)

        transport = httpx.ASGITransport(shortened)
        headers = house.bearer() | {"Content-Type": STRUCTURED}
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            return await http.post("/v1/events", content=body, headers=headers)

    for kept in (b"", body[:-10], body + b" "):
        answer = asyncio.run(post(kept))
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert (error["field"], error["rule"]) == ("content-length", "length")
    assert house.counts() == before
