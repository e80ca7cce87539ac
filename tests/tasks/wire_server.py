"""A server on a bare socket that can be told to answer badly: late, twice, wrongly, in part or not at all."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl

LOOPBACK = "127.0.0.1"
_LONGEST = 20.0


@dataclass(frozen=True)
class HttpRequest:
    """A request that was received whole; names of headers in lower case."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Line:
    """One connection, as the server sees it."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self._connection = connection
        self._over = over
        self.file = connection.makefile("rb")

    def say(self, data: bytes) -> None:
        """Send it, if anybody still listens."""
        with suppress(OSError):
            self._connection.sendall(data)

    def drip(self, data: bytes, seconds: float = 0.05) -> None:
        """One byte at a time, over and over, until nobody listens."""
        while True:
            for byte in data:
                if self._over.wait(seconds):
                    return
                try:
                    self._connection.sendall(bytes([byte]))
                except OSError:
                    return

    def keep_silent(self) -> None:
        """Say nothing until the other side has gone, or the test is over."""
        self._connection.settimeout(_LONGEST)
        with suppress(OSError):
            self.file.read(1)

    def break_off(self) -> None:
        """Close at once and without a word (RST)."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Talk = Callable[[Line, "WireServer"], None]


class WireServer:
    """Listens on loopback while the context lasts; `talk` is what it does with each connection.

    Attributes:
        requests: HTTP requests that were received whole. messages: mails, up to the dot.
        connections: how many there were.
    """

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.requests: list[HttpRequest] = []
        self.messages: list[bytes] = []
        self.connections = 0
        self._over = threading.Event()
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(_LONGEST)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(_LONGEST)
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            line = Line(connection, self._over)
            with line.file:
                self.talk(line, self)


def read_head(line: Line) -> HttpRequest | None:
    """Request line and headers; None when the other side went away before."""
    first = line.file.readline()
    headers: dict[str, str] = {}
    while one := line.file.readline():
        name, separator, value = one.decode().partition(":")
        if not separator:
            return HttpRequest(first.split()[1].decode(), headers, b"")
        headers[name.strip().lower()] = value.strip()
    return None


def read_request(line: Line, server: WireServer) -> HttpRequest | None:
    """A whole request, noted; None when the other side went away in the middle."""
    head = read_head(line)
    if head is None:
        return None
    length = int(head.headers.get("content-length", "0"))
    body = line.file.read(length)
    if len(body) < length:
        return None
    request = HttpRequest(head.target, head.headers, body)
    server.requests.append(request)
    return request


def http_answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A well-formed answer that ends the connection."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def after_request(say: Callable[[Line], None]) -> Talk:
    """Read the whole request, then do this."""

    def talk(line: Line, server: WireServer) -> None:
        if read_request(line, server) is not None:
            say(line)

    return talk


def answering(answer: bytes) -> Talk:
    """Read the whole request, then answer so."""
    return after_request(lambda line: line.say(answer))
