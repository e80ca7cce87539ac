"""One event at a time: how long until it is accepted, beside one bare commit.

Over HTTP on one connection, and by the engine alone without the door.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from time import perf_counter

import psycopg

from benchmarks.bare.accepted_rows import inserting
from benchmarks.figures import Figure, quantile
from benchmarks.goals import Goal
from benchmarks.http_load import singles
from benchmarks.ingest import UNBOUNDED
from benchmarks.meter import engine_on, reading
from benchmarks.rounds import Reading
from benchmarks.session import Session
from benchmarks.stack import installed
from workflow.store import open_store

_WARM_UP = 200


def measure(session: Session) -> list[Figure]:
    """Milliseconds an event: p50 of one client that waits for each answer."""
    count = session.size(2_000, 200)
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    store = open_store(url, patient=True)
    engine, run = engine_on(store), iter(range(10**9))
    prefix = secrets.token_hex(4)

    def accept() -> None:
        number = next(run)
        engine.accept([reading(number, number % 1_000, prefix)])

    with (
        installed(session, url, **UNBOUNDED) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
    ):
        key, api = stack.key(), stack.start_api()
        with _Client(api.host, api.port, key) as client:
            result = session.contest(
                "single_commit",
                {
                    "makegood": lambda: both(timed(client.post, count), timed(accept, count)),
                    "bare": lambda: both(*[timed(inserting(connection), count)] * 2),
                },
            )
    store.close()
    session.drop(name)

    def twice(found: Figure) -> Goal:
        ratio = found.ratio if found.ratio is not None else float("inf")
        return Goal("at most twice one bare commit", ratio <= 2, 2 * (found.bare or 0))

    over_http = result.figure(
        "single_commit", "ms", measure="p50", goal=twice,
        notes="p50 of one client over HTTP, which sends the next event when the last was answered 202; bare: "
        "one row into events by psycopg, committed by itself",
    )  # fmt: skip
    alone = result.figure(
        "single_commit_engine", "ms", measure="engine_p50", goal=twice,
        notes="the same rounds: one event accepted by the engine in this process, without the door",
    )  # fmt: skip
    return [over_http, alone]


def timed(step: Callable[[], None], count: int) -> Reading:
    """Milliseconds a step, after a warm-up."""
    for _ in range(_WARM_UP):
        step()
    took = []
    for _ in range(count):
        begun = perf_counter()
        step()
        took.append(1000 * (perf_counter() - begun))
    return {"p50": quantile(took, 0.5), "p99": quantile(took, 0.99), "mean": sum(took) / count}


def both(door: Reading, engine: Reading) -> Reading:
    """The door's measures, and the engine's beside them."""
    return {**door, **{f"engine_{name}": value for name, value in engine.items()}}


class _Client:
    """One connection of a client that waits."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self._request = singles(f"{host}:{port}", key, secrets.token_hex(4))
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def post(self) -> None:
        """Send one event and read the answer. Raises RuntimeError unless it was accepted."""
        self._socket.sendall(self._request())
        answer = self._socket.recv(65536)
        while not _whole(answer):
            answer += self._socket.recv(65536)
        if not answer.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(f"the API answered {answer[:200]!r}")


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(
        head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    )
