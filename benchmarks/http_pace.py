"""Posts events at a steady pace, whether or not the last one was answered: an open loop."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from time import time

_CONNECTIONS = 32
_PATIENCE = 30.0


class Paced(asyncio.Protocol):
    """One connection; it goes back among the `free` ones when its request was answered."""

    def __init__(self, free: deque[Paced], statuses: Counter[int]) -> None:
        self._free, self._statuses = free, statuses
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready for a request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._free.append(self)

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole."""
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            self._statuses[int(head[9:12])] += 1
            self._answer = b""
            self._free.append(self)


def post_paced(host: str, port: int, key: str, run: str, count: int, rate: float) -> Counter[int]:
    """Post `count` events at `rate` a second, each carrying the instant at which its turn came.

    The statuses of the answers. Raises TimeoutError when answers do not come.
    """
    return asyncio.run(_post_paced(host, port, key, run, count, rate))


async def _post_paced(host: str, port: int, key: str, run: str, count: int, rate: float) -> Counter[int]:
    free: deque[Paced] = deque()
    statuses: Counter[int] = Counter()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Paced(free, statuses), host, port) for _ in range(_CONNECTIONS)
    ]
    begun = time() + 0.1
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + number / rate - time()))
        posted = time()
        async with asyncio.timeout(_PATIENCE):
            while not free:  # it is late from now on, whoever is to blame
                await asyncio.sleep(0.001)
        free.popleft().transport.write(_request(host, key, f"{run}-{number}", number, posted))
    async with asyncio.timeout(_PATIENCE):
        while statuses.total() < count:
            await asyncio.sleep(0.01)
    for transport, _ in opened:
        transport.close()
    return statuses


def _request(host: str, key: str, name: str, number: int, posted: float) -> bytes:
    body = (
        f'{{"specversion":"1.0","id":"{name}","source":"/bench","type":"meter.read",'
        f'"subject":"meter:{number}","data":{{"posted":{posted:.6f}}}}}'
    )
    return (
        f"POST /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/cloudevents+json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
