"""What can be sent over a connection before a request is looked at: each bound, over real sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import House, open_house, order
from tests.waiting import wait_until
from workflow.access.keys import Role
from workflow.api.http.client_address import address_of
from workflow.api.http.connections import Connections
from workflow.api.http.head_bounds import HeadBounds

BOUNDS = HeadBounds(
    url_bytes=300,
    head_bytes=2_000,
    fields=20,
    head_seconds=0.2,
    idle_seconds=0.2,
    chunks=50,
    pipelined=3,
    leftover_seconds=0.2,
    leftover_bytes=20_000,
    stalled_seconds=0.2,
)
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with bounds that are soon reached."""
    url = f"sqlite:///{tmp_path_factory.mktemp('bounded') / 'makegood.db'}"
    with open_house(url, bounds=BOUNDS, connections=Connections(500)) as opened:
        yield opened


@contextmanager
def _connected(door: House) -> Iterator[socket.socket]:
    url = door.http.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        yield connection


def _until_closed(connection: socket.socket) -> bytes:
    """Everything that comes before the other side ends the connection; it fails if that never happens."""
    found = b""
    try:
        while piece := connection.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def _sent(door: House, *pieces: bytes) -> bytes:
    """What comes back over a connection until it is closed, after these pieces went out."""
    with _connected(door) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass
        return _until_closed(connection)


def _problem(answer: bytes) -> tuple[int, str, str]:
    """Status, field and rule of the only answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer
    assert b"\r\nconnection: close" in head
    (error,) = json.loads(body)["errors"]
    return int(head.split()[1]), error["field"], error["rule"]


def _endless(start: bytes, more: bytes, number: int = 2_000) -> list[bytes]:
    return [start, *[more] * number]


@pytest.mark.parametrize(
    ("pieces", "problem"),
    [
        ([b"GET /" + b"a" * 400 + b" HTTP/1.1\r\nHost: a\r\n\r\n"], (414, "path", "size")),
        (_endless(b"GET /", b"a" * 50), (414, "path", "size")),
        ([b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 21 + b"\r\n"], (431, "headers", "fields")),
        ([b"GET / HTTP/1.1\r\n" + (b"a: " + b"b" * 200 + b"\r\n") * 15 + b"\r\n"], (431, "headers", "size")),
        (_endless(b"GET / HTTP/1.1\r\na: ", b"b" * 1_000), (431, "headers", "size")),
        (_endless(b"GET / HTTP/1.1\r\n", b"b" * 1_000), (431, "headers", "size")),
        (_endless(b"\r\n", b"\r\n" * 500), (431, "headers", "size")),
        ([b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n"], (505, "request", "version")),
        ([b"GET /healthz HTTP/0.9\r\nHost: a\r\n\r\n"], (505, "request", "version")),
        ([b"GET / HTTP/9.1\r\nHost: a\r\n\r\n"], (400, "request", "http")),
        ([b"\x16\x03\x01 this is TLS"], (400, "request", "http")),
        ([b"GET /healthz HTTP/1.1\r\n\r\n"], (400, "host", "single")),
        ([b"GET /healthz HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n"], (400, "host", "single")),
        ([b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"], (400, "host", "single")),
        (
            [b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer b\r\nAuthorization: Bearer c\r\n\r\n"],
            (400, "authorization", "single"),
        ),
    ],
    ids=[
        "long url",
        "url without end",
        "fields",
        "head",
        "value without end",
        "name without end",
        "empty lines",
        "http/2 in words",
        "an old version",
        "no version",
        "tls",
        "no host",
        "two hosts",
        "two hosts of the version that needs none",
        "two that speak",
    ],
)
def test_a_head_beyond_its_bound_is_answered_and_closed(
    door: House, pieces: list[bytes], problem: tuple[int, str, str]
) -> None:
    assert _problem(_sent(door, *pieces)) == problem


def test_a_head_at_its_bound_is_served(door: House) -> None:
    fields = b"".join(b"f%d: %s\r\n" % (number, b"v" * 80) for number in range(18))
    request = b"GET /healthz?%s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (b"q" * 280, fields)
    for pieces in ([request], [request[place : place + 100] for place in range(0, len(request), 100)]):
        assert _sent(door, *pieces).startswith(b"HTTP/1.1 200")


def test_a_long_body_before_the_next_head_is_no_part_of_that_head(door: House) -> None:
    """A socket gives much at once: the end of one request and the beginning of the next."""
    event = json.dumps(order("place", "behind", "behind", amount=5, more=["x" * 3_000] * 3)).encode()
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: {door.bearer()['Authorization']}\r\n".encode()
    )
    head += b"Content-Type: application/cloudevents+json\r\nContent-Length: %d\r\n\r\n" % len(event)
    answers = _sent(door, head + event + GET[:20], GET[20:])
    assert answers.count(b"HTTP/1.1 202") == 1
    assert answers.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\nHost: a\r\n", b"G", GET + b"GET /healthz HT"])
def test_a_half_sent_head_is_told_and_ended(door: House, begun: bytes) -> None:
    answers = _sent(door, begun)
    last = answers[answers.rindex(b"HTTP/1.1 ") :]
    assert _problem(last) == (408, "headers", "timeout")


@pytest.mark.parametrize("sent", [b"", GET, b"\r\n", GET + b"\r\n"])
def test_a_silent_connection_is_ended_without_a_word(door: House, sent: bytes) -> None:
    assert b" 408 " not in _sent(door, sent)


def test_a_drip_of_fields_ends_with_its_time_and_not_with_its_last_byte(door: House) -> None:
    with _connected(door) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        connection.settimeout(0.02)
        answer, dripped = b"", 0
        while not answer and dripped < 1_000:
            try:
                answer = connection.recv(65_536)
            except TimeoutError:
                connection.sendall(b"a")
                dripped += 1
        connection.settimeout(30)
        assert _problem(answer + _until_closed(connection)) == (408, "headers", "timeout")


def _chunked(door: House, path: bytes = b"/v1/policies/search", key: bool = True) -> bytes:
    bearer = door.bearer()["Authorization"].encode() if key else b"Bearer none"
    return (
        b"POST %s HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" % (path, bearer)
    )


def test_a_body_in_too_many_chunks_is_refused(door: House) -> None:
    assert _problem(_sent(door, _chunked(door), b"1\r\nx\r\n" * 60)) == (413, "body", "chunks")
    pieces = [b"1\r\nx\r\n"] * 60
    assert b" 413 " in _sent(door, _chunked(door), *pieces)


@pytest.mark.parametrize("more", [b"5;a=" + b"b" * 50_000, b"1\r\nx\r\n0\r\n" + b"a: b\r\n" * 10_000])
def test_what_stands_around_a_body_is_bounded_too(door: House, more: bytes) -> None:
    assert _problem(_sent(door, _chunked(door), more))[:2] == (413, "body")


def test_fields_after_a_body_are_no_fields_of_the_head(door: House) -> None:
    head = b"POST /v1/policies/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    trailer = b"0\r\nAuthorization: %s\r\n\r\n" % door.bearer(Role.OPERATOR)["Authorization"].encode()
    assert _sent(door, head + b"2\r\n{}\r\n" + trailer).startswith(b"HTTP/1.1 401")


def test_a_body_that_nobody_wants_is_not_read_for_ever(door: House) -> None:
    """The answer has gone out; its sender goes on."""
    head = b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 900000000\r\n\r\n"
    assert _sent(door, head).startswith(b"HTTP/1.1 404")  # ended though the body is not complete
    with _connected(door) as connection:
        connection.sendall(head)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 404")
        with pytest.raises(OSError):
            for _ in range(100_000):
                connection.sendall(b"x" * 10_000)


def test_of_many_requests_at_once_the_first_are_answered_and_the_connection_ends(door: House) -> None:
    answers = _sent(door, GET * 500)
    assert answers.count(b"HTTP/1.1 200 OK") == 1 + BOUNDS.pipelined
    assert answers.count(b"HTTP/1.1") == 1 + BOUNDS.pipelined


def test_what_is_wrong_behind_a_request_does_not_take_its_answer(door: House) -> None:
    answers = _sent(door, GET + b"\x00\x01\x02")
    assert answers.startswith(b"HTTP/1.1 200")
    assert answers.count(b"HTTP/1.1") == 1


def test_who_takes_no_answer_is_let_go(door: House) -> None:
    """The answer is larger than what the kernel keeps for a reader that does not read."""
    url = door.http.base_url
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect((url.host, url.port or 80))
        connection.settimeout(30)
        request = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"

        def ended() -> bool:
            try:
                connection.sendall(request)
            except OSError:
                return True
            return False

        wait_until(ended, seconds=60, what="the door to end the connection")


def test_connections_beyond_the_bound_are_told_so_and_places_come_back(tmp_path: Path) -> None:
    slow = BOUNDS._replace(head_seconds=30, idle_seconds=30)
    url = f"sqlite:///{tmp_path / 'makegood.db'}"
    for connections, rule in (
        (Connections(5), "connections"),
        (Connections(50, 5), "connections-per-address"),
    ):
        with open_house(url, bounds=slow, connections=connections) as house:
            held = [socket.create_connection((house.http.base_url.host, house.http.base_url.port), timeout=30)
                    for _ in range(5)]  # fmt: skip
            answer = _sent(house)
            assert _problem(answer) == (503, "connection", rule)
            assert b"\r\nretry-after: 1\r\n" in answer.lower()
            for one in held:
                one.close()
            wait_until(lambda: _served(house), seconds=60, what="a place")
            metrics = house.http.get("/metrics").text
            assert f'makegood_connections_ended_total{{rule="{rule}"}}' in metrics


def _served(house: House) -> bool:
    with _connected(house) as connection:
        connection.sendall(GET)
        return connection.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("192.0.2.7", 4711), "192.0.2.7"),
        (("::ffff:192.0.2.7", 4711), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 4711, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 4711, 0, 2), "fe80::/64"),
        (None, ""),
    ],
)
def test_an_address_is_what_one_sender_has(client: Any, counted: str) -> None:
    assert address_of(client) == counted
