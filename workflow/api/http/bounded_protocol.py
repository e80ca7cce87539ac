"""HTTP/1.1 within bounds: heads, waiting requests and connections cost no more than `HeadBounds` says.

The parser under uvicorn has no bound of its own: a header field is kept until it ends, and a connection for
as long as its sender likes. How long a body may be and take is said where it is read (`body`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workflow.api.http.client_address import address_of
from workflow.api.http.connections import Connections
from workflow.api.http.head_bounds import HeadBounds
from workflow.api.http.no_upgrade import NoUpgradeProtocol
from workflow.api.http.problems import Kind, Refusal
from workflow.api.http.single_fields import unclear_field

_PIECE = 16 * 1024
"""Bytes that are parsed before it is looked whether they were too many; a socket gives 256 KiB at once."""
_FRAME_BYTES = 32
"""What each chunk of a body may bring besides its bytes: its length, its line ends."""

_VERSIONS = frozenset({"1.1", "1.0"})

Refused = Callable[[str], None]
"""Is told the rule for which a connection was ended."""


_BETWEEN, _HEAD, _BODY = 0, 1, 2
"""What comes next: a head of which nothing has come, the rest of a head, or of a body. (An Enum is slow.)"""


class _Broken(Exception):
    """Ends the parser's work; what is wrong stands in the protocol."""


class BoundedProtocol(NoUpgradeProtocol):
    """One connection.

    Args:
        bounds: of each connection.
        connections: counts those of the process.
        refused: see `Refused`.
    """

    def __init__(
        self, *args: Any, bounds: HeadBounds, connections: Connections, refused: Refused, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._bounds = bounds
        self._connections = connections
        self._refused = refused
        self._address: str | None = None  # None: it is not counted
        self._stage = _BETWEEN
        self._messages = 0  # that have begun
        self._unread = 0  # bytes of a head that is not complete, or of what comes before one
        self._came = 0  # bytes in which a head has come, or more: its size is theirs and one for each field
        self._chunks = 0
        self._body_bytes = 0
        self._framing = 0  # bytes of a body that are not its own: lengths of chunks, extensions, trailers
        self._wrong: Refusal | None = None
        self._ended = False
        self._due: float | None = None
        self._look_again: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._left: int | None = None  # bytes of answers that had not gone out when it was looked last
        # No deadline begins and ends between two looks that are so far apart.
        self._between_looks = min(bounds.head_seconds, bounds.leftover_seconds)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it and begin to wait for its first head; or send it away."""
        super().connection_made(transport)
        self._look_again = self.loop.call_later(self._between_looks, self._look)
        address = address_of(self.client)
        bound = self._connections.admit(address)
        if bound is not None:
            message = "too many connections are open"
            self._end(Refusal.of(Kind.FULL, "connection", bound, message, Retry_After="1"))
            return
        self._address = address
        self._due = self.loop.time() + self._bounds.head_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        """It counts no more."""
        self._ended = True
        for timer in (self._look_again, self._stalled):
            if timer is not None:
                timer.cancel()
        if self._address is not None:
            self._connections.release(self._address)
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, a piece at a time, until something breaks a bound."""
        if len(data) <= _PIECE:
            if not self._ended:
                self._read(data)
            return
        for start in range(0, len(data), _PIECE):
            if self._ended or self.transport.is_closing():
                return
            self._read(data[start : start + _PIECE])

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser stopped at: what broke a bound, or what is no HTTP."""
        self._end(self._wrong or Refusal.of(Kind.BAD_HTTP, "request", "http", msg.rstrip(".")))

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        HttpToolsProtocol.on_message_begin(self)
        self._stage = _HEAD
        self._messages += 1
        self._unread = 0

    def on_headers_complete(self) -> None:
        """The end of a head: begin its request, if it is within bounds."""
        if self.parser.stopped:
            return
        bounds, headers = self._bounds, self.headers
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            other = f"is {version}; an offer of HTTP/2 is passed over, and HTTP/1.1 goes on"
            raise self._broken(Refusal.of(Kind.VERSION, "request", "version", other))
        if len(self.url) > bounds.url_bytes:
            raise self._broken(self._url_too_long())
        if len(headers) > bounds.fields:
            most = f"a head may have {bounds.fields} fields"
            raise self._broken(Refusal.of(Kind.HEAD_TOO_LARGE, "headers", "fields", most))
        if self._came + len(headers) > bounds.head_bytes and self._head_size() > bounds.head_bytes:
            raise self._broken(self._head_too_large())
        unclear = unclear_field(headers, version)
        if unclear is not None:
            raise self._broken(unclear)
        if len(self.pipeline) >= bounds.pipelined:
            most = f"{bounds.pipelined} requests may wait for their turn"
            raise self._broken(Refusal.of(Kind.BUSY, "connection", "pipelined", most))
        self._stage = _BODY
        self._chunks = self._body_bytes = self._framing = 0
        HttpToolsProtocol.on_headers_complete(self)
        self.headers = []  # fields after the body are passed over: they were not there when the request began

    def on_chunk_header(self) -> None:
        """The beginning of a chunk."""
        self._chunks += 1
        if self._chunks > self._bounds.chunks:
            most = f"a body may come in {self._bounds.chunks} chunks"
            raise self._broken(Refusal.of(Kind.TOO_LARGE, "body", "chunks", most))

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        self._body_bytes += len(body)
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The end of a request."""
        if self.parser.stopped:
            return
        self._stage = _BETWEEN
        self._unread = 0
        HttpToolsProtocol.on_message_complete(self)

    def on_response_complete(self) -> None:
        """An answer has gone out: the time of the next head, or of what is left of this body, begins."""
        super().on_response_complete()
        if self._stage != _BETWEEN:
            self._unset_keepalive_if_required()  # it is not idle
        if self._stage == _HEAD:
            self._due = self.loop.time() + self._bounds.head_seconds
        elif self._stage == _BODY and self.cycle.response_complete:
            self._body_bytes = 0
            self._due = self.loop.time() + self._bounds.leftover_seconds

    def _read(self, piece: bytes) -> None:
        """Parse a piece, and look at what it left unfinished."""
        stage, messages, body = self._stage, self._messages, self._body_bytes
        self._came = len(piece) if stage == _BETWEEN else self._came + len(piece)
        HttpToolsProtocol.data_received(self, piece)
        if self._ended:
            return
        went_on = self._stage == stage and self._messages == messages
        if went_on:
            self._count(len(piece), self._body_bytes - body)
        if self._stage == _BODY:
            if not self.cycle.response_complete:
                self._due = None  # who reads it sees to its time
        elif self._stage == _BETWEEN and not went_on:
            self._due = None  # whole requests
        elif self._due is None or not went_on:
            self._due = self.loop.time() + self._bounds.head_seconds

    def _count(self, came: int, of_body: int) -> None:
        """Add up bytes of what was begun in an earlier piece and goes on after this one."""
        if self._stage != _BODY:
            self._unread += came
            if self._unread > self._bounds.head_bytes:
                in_url = self._stage == _HEAD and len(self.url) > self._bounds.url_bytes
                self._end(self._url_too_long() if in_url else self._head_too_large())
            return
        self._framing += came - of_body
        if self._framing > self._bounds.head_bytes + _FRAME_BYTES * self._chunks:
            message = "extensions of chunks and fields after a body are too long"
            self._end(Refusal.of(Kind.TOO_LARGE, "body", "framing", message))
        elif self.cycle.response_complete and self._body_bytes > self._bounds.leftover_bytes:
            self._end(None)

    def pause_writing(self) -> None:
        """Answers wait to be taken."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self._bounds.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """They are taken again."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _look(self) -> None:
        """End the connection if its time is over; else look again when it may be."""
        now = self.loop.time()
        if self.transport.is_closing():
            left = self.transport.get_write_buffer_size()
            if left == self._left:  # nobody takes the last answer
                self.transport.abort()
                return
            self._left = left
        elif not self._ended and self._due is not None and self._due <= now:
            if self._stage == _BODY:
                self._end(None)
                return
            if not self._serving():
                late = f"must be complete within {self._bounds.head_seconds:g} seconds"
                begun = self._stage == _HEAD
                self._end(Refusal.of(Kind.TIMEOUT, "headers", "timeout", late) if begun else None)
                return
            self._due = None  # its time begins when what comes before it is answered
        wait = self._between_looks
        if self._due is not None and self._due > now:
            wait = min(wait, self._due - now)
        self._look_again = self.loop.call_later(wait, self._look)

    def _serving(self) -> bool:
        """Whether a request of this connection has not been answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _broken(self, refusal: Refusal) -> _Broken:
        self._wrong = refusal
        return _Broken()

    def _end(self, refusal: Refusal | None) -> None:
        """Read nothing more, and close: with this answer, unless another one must come first or has begun."""
        self._ended = True
        if refusal is not None:
            self._refused(refusal.problems[0].rule)
        if self._serving():
            if self._stage != _BODY:
                self.cycle.keep_alive = False  # it is the last that was read: after its answer comes the end
                return
            if self.pipeline or self.cycle.response_started:
                self.transport.close()
                return
        if refusal is not None:
            self.transport.write(_raw(refusal))
        self.transport.close()

    def _head_size(self) -> int:
        return len(self.url) + sum([len(name) + len(value) + 4 for name, value in self.headers])

    def _url_too_long(self) -> Refusal:
        most = f"a target may have {self._bounds.url_bytes} bytes"
        return Refusal.of(Kind.URL_TOO_LONG, "path", "size", most)

    def _head_too_large(self) -> Refusal:
        most = f"a head may have {self._bounds.head_bytes} bytes"
        return Refusal.of(Kind.HEAD_TOO_LARGE, "headers", "size", most)


def _raw(refusal: Refusal) -> bytes:
    """The answer that says so, and that it is the last."""
    answer = refusal.answer()
    lines = [b"HTTP/1.1 %d %s" % (answer.status_code, refusal.kind.phrase.encode())]
    lines += [b"%s: %s" % field for field in answer.raw_headers]
    lines += [b"connection: close", b"", bytes(answer.body)]
    return b"\r\n".join(lines)
