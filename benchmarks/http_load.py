"""Posts events over keep-alive connections as fast as they are answered; costs little itself.

`python -m benchmarks.http_load URL KEY [--batch 500]` prints one JSON object. Requests are put together from
ready-made bytes, and of an answer only the status is read: most of a core is left for who is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

SUBJECTS = 20_000
_STEP = 7919
"""Prime to `SUBJECTS`: neighbouring events are about subjects far apart."""


@dataclass
class Load:
    """What came of it."""

    seconds: float = 0.0
    events: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Events accepted per second."""
        return self.events / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of requests was answered."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def document(self) -> dict[str, Any]:
        """For people and for JSON."""
        return {
            "events_per_second": round(self.rate),
            "p50_ms": round(self.quantile(0.5), 2),
            "p99_ms": round(self.quantile(0.99), 2),
            "statuses": dict(self.statuses),
        }


def singles(host: str, key: str, run: str) -> Callable[[], bytes]:
    """Makes requests of one event of the lifecycle `meter` each."""
    head = _head(host, key, "application/cloudevents+json")
    numbers = count()

    def request() -> bytes:
        body = _event(next(numbers), run)
        return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)

    return request


def batches(host: str, key: str, run: str, size: int) -> Callable[[], bytes]:
    """Makes requests of `size` events."""
    head = _head(host, key, "application/cloudevents-batch+json")
    numbers = count()

    def request() -> bytes:
        body = b"[%s]" % b",".join(_event(next(numbers), run) for _ in range(size))
        return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)

    return request


def _head(host: str, key: str, content: str) -> bytes:
    return (
        f"POST /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {content}\r\n"
    ).encode()


def _event(number: int, run: str) -> bytes:
    return (
        b'{"specversion":"1.0","id":"%s-%d","source":"/bench","type":"meter.read","subject":"meter:%d",'
        b'"time":"2026-07-01T09:00:00Z","datacontenttype":"application/json","data":{"posted":%d}}'
    ) % (run.encode(), number, number * _STEP % SUBJECTS, number)


class _Sender(asyncio.Protocol):
    """One connection: the next request goes when the last was answered, until time is up."""

    def __init__(self, request: Callable[[], bytes], size: int, until: float, load: Load) -> None:
        self._request, self._size, self._until, self._load = request, size, until, load
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self._send()

    def data_received(self, data: bytes) -> None:
        answer = self._answer = self._answer + data if self._answer else data
        head, end, body = answer.partition(b"\r\n\r\n")
        if not end:
            return
        if len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return
        self._answer = b""
        status = int(answer[9:12])
        self._load.statuses[status] += 1
        self._load.waits.append(perf_counter() - self._sent)
        if status == 202:
            self._load.events += self._size
        if perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = perf_counter()
        self._transport.write(self._request())


def post(
    url: str, key: str, *, connections: int = 64, seconds: float = 5.0, batch: int = 1, run: str | None = None
) -> Load:
    """Post for some seconds.

    Args:
        batch: events a request.
        run: what ids begin with; else something that never was.
    """
    place = urlsplit(url)
    host, port = place.hostname or "127.0.0.1", place.port or 80
    prefix = run or secrets.token_hex(4)
    request = singles(host, key, prefix) if batch == 1 else batches(host, key, prefix, batch)

    async def all_connections() -> Load:
        load, loop, begun = Load(), asyncio.get_running_loop(), perf_counter()
        opened = [
            await loop.create_connection(lambda: _Sender(request, batch, begun + seconds, load), host, port)
            for _ in range(connections)
        ]
        for _, sender in opened:
            await sender.done
        load.seconds = perf_counter() - begun
        return load

    return uvloop.run(all_connections())


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far (Linux)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument(
        "--pid", type=int, action="append", default=[], help="a process whose CPU time is told"
    )
    given = parser.parse_args()
    before = [cpu_seconds(pid) for pid in given.pid]
    load = post(given.url, given.key, connections=given.connections, seconds=given.seconds, batch=given.batch)
    used = [cpu_seconds(pid) - earlier for pid, earlier in zip(given.pid, before, strict=True)]
    document = load.document()
    if used and load.events:
        document["cpu_us_per_event"] = round(1e6 * sum(used) / load.events, 1)
        document["cores"] = round(sum(used) / load.seconds, 2)
    print(json.dumps(document))


if __name__ == "__main__":
    main()
