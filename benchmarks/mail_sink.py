"""A mail server that takes everything and keeps nothing: as little of one as mails can be measured against.

Run with a port; it says that it listens, and answers until it is ended.
"""

from __future__ import annotations

import asyncio
import sys

from workflow.embedded.ports import LOOPBACK

LISTENS = b"listens\n"
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250 PIPELINING\r\n", b"HELO": b"250 sink\r\n", b"MAIL": b"250 2.1.0 sender\r\n",
    b"RCPT": b"250 2.1.5 recipient\r\n", b"DATA": b"354 go on\r\n", b"RSET": b"250 forgotten\r\n",
    b"QUIT": b"221 bye\r\n",
}  # fmt: skip
_END = b"\r\n.\r\n"


class Conversation(asyncio.Protocol):
    """One connection: commands by line, a message up to its dot."""

    def __init__(self) -> None:
        self._said = b""
        self._in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._line = transport
        self._line.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer all that is there, in one write."""
        self._said += data
        answers = []
        while True:
            said, found, rest = self._said.partition(_END if self._in_message else b"\r\n")
            if not found:
                break
            self._said = rest
            word = said[:4].upper()
            answers.append(
                b"250 2.0.0 queued\r\n" if self._in_message else _ANSWERS.get(word, b"500 what?\r\n")
            )
            self._in_message = not self._in_message and word == b"DATA"
        if answers:
            self._line.write(b"".join(answers))


async def serve(port: int) -> None:
    """Listen on loopback until cancelled."""
    server = await asyncio.get_running_loop().create_server(Conversation, LOOPBACK, port)
    sys.stdout.buffer.write(LISTENS)
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
