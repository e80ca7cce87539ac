"""Connections that fail on purpose: a TCP proxy in front of a server on this machine."""

from __future__ import annotations

import re
import socket
import threading
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self

DROP = object()
"""The connection ends before the server hears of the request."""
SWALLOW = object()
"""The server does what it was asked for; its answer is lost."""

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Unsteady:
    """Forwards connections; each of `faults` spoils one: DROP, SWALLOW, or the text of an answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.faults: deque[object] = deque()
        self.requests: list[bytes] = []
        """Every spoilt request, in full."""
        self._open: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def cut(self) -> None:
        """End every connection that is open, whatever is under way over it."""
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._port)) as server:
            if not self.faults:
                self._open.update((client, server))
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()
                _copy(client, server)
                self._open -= {client, server}
                return
            fault = self.faults.popleft()
            request = _request(client)
            self.requests.append(request)
            if fault is SWALLOW:
                server.sendall(request)
                server.recv(65_536)
            elif isinstance(fault, str):
                client.sendall(fault.replace("\n", "\r\n").encode())


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _request(client: socket.socket) -> bytes:
    """One request with its body."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += client.recv(65_536)
    head, _, body = text.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    while length is not None and len(body) < int(length[1]):
        body += client.recv(65_536)
    return head + b"\r\n\r\n" + body
