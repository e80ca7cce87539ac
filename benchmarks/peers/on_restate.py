"""Restate: events and timers are requests to its server, which calls a service on hypercorn with 2 processes.

The service closes no connection while it is measured: hypercorn does so after 1,000 requests by default,
and Restate then carries out again what was in flight.
"""

import asyncio
import json
import os
import sys
from http.client import HTTPConnection
from time import time

import restate  # type: ignore[import-not-found]

from benchmarks.peers import sink
from benchmarks.peers.port import Port, speak

INGRESS, SERVICE = int(os.environ["BENCH_RESTATE_INGRESS"]), int(os.environ["BENCH_RESTATE_SERVICE"])
MODULE = "benchmarks.peers.on_restate"
IN_FLIGHT = 64
"""Connections on which timers are loaded."""

service = restate.Service("bench")


@service.handler("fire")  # type: ignore[untyped-decorator]
async def fire(context: restate.Context, request: dict[str, float]) -> None:
    """The whole work of a handler."""
    sink.note(int(request["number"]), request["due"])


app = restate.app([service])


class OnRestate(Port):
    """Restate behind the port; its server is started and emptied by whoever starts this."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None

    def worker(self, index: int) -> None:
        """hypercorn with two processes."""
        argv = [sys.executable, "-m", "hypercorn", "-c", os.environ["BENCH_HYPERCORN"], "-w", "2"]
        argv += ["--bind", f"127.0.0.1:{SERVICE}", "--log-level", "warning", f"{MODULE}:app"]
        os.execv(sys.executable, argv)

    def timers(self, dues: list[tuple[int, float]]) -> None:
        """A request each, many in flight."""
        asyncio.run(_load(dues))

    def send(self, number: int, due: float) -> None:
        """One request on a connection that is kept."""
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", INGRESS)
        path, body = _request(number, due, delay=None)
        self._connection.request("POST", path, body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"Restate answered {answer.status}")

    def send_many(self, numbers: range) -> None:
        """It has no call for many: as many requests, many in flight."""
        asyncio.run(_load([(number, 0.0) for number in numbers]))


def _request(number: int, due: float, delay: float | None) -> tuple[str, bytes]:
    path = "/bench/fire/send" + ("" if delay is None else f"?delay={max(0, int(delay * 1000))}ms")
    return path, json.dumps({"number": number, "due": due}).encode()


async def _load(dues: list[tuple[int, float]]) -> None:
    waiting = iter(dues)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", INGRESS)
        for number, due in waiting:
            path, body = _request(number, due, due - time() if due else None)
            head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            await _answered(reader)
        writer.close()

    await asyncio.gather(*[one() for _ in range(IN_FLIGHT)])


async def _answered(reader: asyncio.StreamReader) -> None:
    """Read one answer to its end. Raises RuntimeError when the ingress refused."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 2"):
        raise RuntimeError(f"Restate answered {head[:60]!r}")
    await reader.readexactly(int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))


if __name__ == "__main__":
    speak(OnRestate())
