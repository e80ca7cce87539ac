"""Clients that go away in the middle: what was accepted is accepted, and nothing is left of them.

Against a process of its own, whose log, sockets, threads and memory are those of nobody else.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from tests.api.running_api import RunningApi, running_api
from tests.waiting import wait_until
from workflow.clock import SystemClock
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.store.schema import events


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its database and its log lie."""
    return tmp_path_factory.mktemp("away")


@pytest.fixture(scope="module")
def api(place: Path) -> Iterator[RunningApi]:
    """One process that serves."""
    with running_api(f"sqlite:///{place / 'makegood.db'}", place, 1, log=place / "log") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _nothing_is_left(api: RunningApi, place: Path) -> Iterator[None]:
    """After each test no connection, no stream, no more threads than a few, and no fault in the log."""
    threads = _server(api).num_threads()
    yield
    wait_until(lambda: _sockets(api) == 0, seconds=60, what="the connections to end")
    wait_until(lambda: _server(api).num_threads() <= threads + _POOL, seconds=60, what="threads to end")
    said = (place / "log").read_text()
    assert "Traceback" not in said and '"level": "error"' not in said, said


_POOL = 40
"""Threads that a process keeps for its next requests."""


def _server(api: RunningApi) -> psutil.Process:
    """Whoever listens: the process itself, or the one that it watches over."""
    processes = [psutil.Process(api.process.pid), *psutil.Process(api.process.pid).children(recursive=True)]
    return max(processes, key=lambda one: one.memory_info().rss)


def _sockets(api: RunningApi) -> int:
    return sum(
        one.status == "ESTABLISHED" and one.laddr.port == api.port
        for one in _server(api).net_connections("inet")
    )


def _counted(api: RunningApi) -> int:
    with api.store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(events)) or 0


def _connected(api: RunningApi) -> socket.socket:
    connection = socket.create_connection((api.host, api.port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _vanish(connection: socket.socket) -> None:
    """End it at once, as a process that is killed does: with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _event(identity: str) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": identity,
            "source": "/tests",
            "type": "promise.thanks",
            "subject": f"promise:{identity}",
        }
    ).encode()


def _get(api: RunningApi, path: str, *more: str) -> bytes:
    key = api._headers["Authorization"]
    lines = [f"GET {path} HTTP/1.1", f"Host: {api.host}", f"Authorization: {key}", *more, "", ""]
    return "\r\n".join(lines).encode()


def test_who_goes_amid_a_body_has_sent_nothing(api: RunningApi) -> None:
    before = _counted(api)
    for number in range(10):
        body = _event(f"half-{number}")
        connection = _connected(api)
        connection.sendall(api.head(len(body)) + body[: len(body) // 2])
        (_vanish if number % 2 else socket.socket.close)(connection)
    assert _counted(api) == before
    assert api.post("half-0", "promise:half-0").status_code == 202  # the id is free


def test_who_goes_before_the_answer_gets_it_when_they_ask_again(api: RunningApi) -> None:
    before = _counted(api)
    for number in range(10):
        body = _event(f"whole-{number}")
        connection = _connected(api)
        connection.sendall(api.head(len(body)) + body)
        (_vanish if number % 2 else socket.socket.close)(connection)
    wait_until(lambda: _sockets(api) == 0, seconds=60, what="the connections to end")
    answers = [api.post(f"whole-{number}", f"promise:whole-{number}") for number in range(10)]
    assert {one.status_code for one in answers} <= {200, 202}
    assert _counted(api) == before + 10
    again = [api.post(f"whole-{number}", f"promise:whole-{number}") for number in range(10)]
    assert {one.status_code for one in again} <= {200, 202}
    assert _counted(api) == before + 10


def test_who_goes_amid_the_answer_to_a_batch_has_sent_all_of_it(api: RunningApi) -> None:
    before = _counted(api)
    batch = b"[%s]" % b",".join(_event(f"batch-{number}") for number in range(500))
    head = api.head(len(batch)).replace(b"cloudevents+json", b"cloudevents-batch+json")
    for number in range(4):
        connection = _connected(api)
        connection.sendall(head + batch)
        if number:
            assert connection.recv(16).startswith(b"HTTP/1.1 202"[:16])
        _vanish(connection)
    wait_until(lambda: _counted(api) == before + 500, seconds=60, what="the batch")


@pytest.mark.parametrize(
    ("path", "more"), [("/v1/changes/stream", ()), ("/v1/changes?after=now", ("Prefer: wait=10",))]
)
def test_who_waits_and_goes_makes_room_for_others(api: RunningApi, path: str, more: tuple[str, ...]) -> None:
    """More come and go than may follow at once."""
    for _ in range(8):
        connections = [_connected(api) for _ in range(30)]
        for one in connections:
            one.sendall(_get(api, path, *more))
        if "stream" in path:
            for one in connections:
                assert one.recv(4096).startswith(b"HTTP/1.1 200")
        for number, one in enumerate(connections):
            (_vanish if number % 2 else socket.socket.close)(one)
        wait_until(lambda: _sockets(api) == 0, seconds=60, what="the connections to end")


def test_who_waits_for_a_decision_and_goes_has_sent_the_event(api: RunningApi) -> None:
    before, body = _counted(api), _event("waited")
    head = api.head(len(body)).replace(b"\r\n\r\n", b"\r\nPrefer: wait=10\r\n\r\n")
    connection = _connected(api)
    connection.sendall(head + body)
    wait_until(lambda: _counted(api) == before + 1, seconds=60, what="the event")
    _vanish(connection)
    assert api.post("waited", "promise:waited").status_code in (200, 202)
    assert _counted(api) == before + 1


def test_who_closes_one_half_is_answered(api: RunningApi) -> None:
    body = _event("half-closed")
    with _connected(api) as connection:
        connection.sendall(api.head(len(body)) + body)
        connection.shutdown(socket.SHUT_WR)
        said = connection.recv(65_536)
    assert said == b"" or said.startswith(b"HTTP/1.1 202")
    assert api.post("half-closed", "promise:half-closed").status_code in (200, 202)


def test_a_stream_that_nobody_reads_costs_no_memory_and_ends(api: RunningApi) -> None:
    """What it would have told stays in the store, not in the process; later its connection is ended."""
    connection = _connected(api)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.sendall(_get(api, "/v1/changes/stream"))
    assert connection.recv(64).startswith(b"HTTP/1.1 200")
    _decide(api, 2_000)  # what is kept for all who follow
    before = _server(api).memory_info().rss
    _decide(api, 18_000)
    assert _server(api).memory_info().rss - before < 40_000_000
    wait_until(lambda: _sockets(api) == 0, seconds=90, what="the stream to be ended")
    connection.close()


def _decide(api: RunningApi, count: int) -> None:
    """Have so many changes recorded."""
    clock, registry = SystemClock(), Registry(api.store)
    registry.register(catalog_sources(), clock.now())
    engine = Engine(api.store, registry, clock)
    with api.client() as http:
        for start in range(0, count, 1_000):
            batch = b",".join(_event(f"{count}-{start + number}") for number in range(1_000))
            headers = {"Content-Type": "application/cloudevents-batch+json"}
            assert http.post("/v1/events", content=b"[%s]" % batch, headers=headers).status_code == 202
            while engine.apply().decided:
                pass
