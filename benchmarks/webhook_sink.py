"""A receiver of webhooks that takes everything and keeps nothing: the least that a sender can be held to.

Run with a port; it says that it listens, and answers until it is ended.
"""

from __future__ import annotations

import asyncio
import sys

from workflow.embedded.ports import LOOPBACK

LISTENS = b"listens\n"
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_LENGTH = b"content-length:"


class Requests(asyncio.Protocol):
    """One connection: a head with a length, a body, and again."""

    def __init__(self) -> None:
        self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._line = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there as a whole."""
        self._said += data
        while True:
            head, found, rest = self._said.partition(b"\r\n\r\n")
            if not found:
                return
            length = int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0])
            if len(rest) < length:
                return
            self._said = rest[length:]
            self._line.write(_ANSWER)


async def serve(port: int) -> None:
    """Listen on loopback until cancelled."""
    server = await asyncio.get_running_loop().create_server(Requests, LOOPBACK, port)
    sys.stdout.buffer.write(LISTENS)
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
