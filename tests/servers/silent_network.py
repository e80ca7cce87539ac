"""A way to a server on which connections can fall silent: they stay open, and nothing comes any more.

As it is with a server that hangs, or with a network that has lost what it knew of a connection.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from workflow.embedded.ports import LOOPBACK

_BYTES = 65536


class Way:
    """Leads to `port`, from a port of its own."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[tuple[threading.Event, socket.socket, socket.socket]] = []
        self._new_ones_speak = True
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self, *, new_ones_too: bool = False) -> None:
        """All connections that there are fall silent; with `new_ones_too` those that are made from now on."""
        self._new_ones_speak = not new_ones_too
        for speaks, _, _ in self._open:
            speaks.clear()

    def go_on(self) -> None:
        """End that: what was held back is passed on."""
        self._new_ones_speak = True
        for speaks, _, _ in self._open:
            speaks.set()

    def close(self) -> None:
        """End all of them."""
        self._listening.close()
        for speaks, *ends in self._open:
            for one in ends:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            speaks.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection((LOOPBACK, self._target))
                speaks = threading.Event()
                if self._new_ones_speak:
                    speaks.set()
                self._open.append((speaks, client, server))
                for source, target in ((client, server), (server, client)):
                    target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=_pass_on, args=(source, target, speaks), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, speaks: threading.Event) -> None:
    with suppress(OSError):
        while said := source.recv(_BYTES):
            speaks.wait()
            target.sendall(said)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def way_to(port: int) -> Iterator[Way]:
    """A way to the server of this port, for as long as this lasts."""
    way = Way(port)
    try:
        yield way
    finally:
        way.close()
