"""TLS before a server that has none, such as those of the wheels: bytes in, bytes out."""

from __future__ import annotations

import asyncio
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.servers.certificates import Certificates
from workflow.embedded.ports import LOOPBACK

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL 18, 54.7 "Message Formats": SSLRequest."""


@contextmanager
def tls_front(port: int, made: Certificates, *, postgres: bool = False) -> Iterator[int]:
    """The port on which the server of `port` is reached over TLS, for as long as this lasts.

    With `postgres` TLS begins as PostgreSQL's protocol has it: it is asked for, granted, and then begun.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    loop = asyncio.new_event_loop()
    ready: list[int] = []
    began = threading.Event()

    async def serve() -> None:
        async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if postgres:
                if await reader.readexactly(len(_SSL_REQUEST)) != _SSL_REQUEST:
                    writer.close()  # who does not ask for TLS gets nothing
                    return
                writer.write(b"S")
                try:
                    await writer.start_tls(context)
                except (OSError, ssl.SSLError):  # they do not trust us
                    return
            there, back = await asyncio.open_connection(LOOPBACK, port)
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

        server = await asyncio.start_server(both, LOOPBACK, 0, ssl=None if postgres else context)
        ready.append(server.sockets[0].getsockname()[1])
        began.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    began.wait(30)
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(_end, loop)
        thread.join()


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Every connection is cut off, and then the loop ends."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    asyncio.gather(*tasks, return_exceptions=True).add_done_callback(lambda _: loop.stop())
    if not tasks:
        loop.stop()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError, ssl.SSLError):
        writer.close()
