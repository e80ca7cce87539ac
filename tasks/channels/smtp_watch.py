"""A bound for a conversation with a mail server.

Each of its answers may take so long, and one that comes byte by byte has no end: all of them together have
one, too.
"""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress

from workflow.clock import monotonic


class Watch:
    """Hangs up on a server that has had its time, from a thread of its own; one thread for many messages."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._server: smtplib.SMTP | None = None
        self._until = 0.0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, server: smtplib.SMTP) -> None:
        """From now on this server has `seconds` (real time), whatever it had before."""
        self._server, self._until = server, monotonic() + self._seconds
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._look, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Nothing is to be hung up on any more."""
        self._ended.set()

    def _look(self) -> None:
        while not self._ended.wait(max(0.0, self._until - monotonic())):
            if monotonic() >= self._until:
                _hang_up(self._server)
                return


def _hang_up(server: smtplib.SMTP | None) -> None:
    """Whoever reads from the server finds the connection closed."""
    with suppress(OSError):
        if server is not None and server.sock is not None:
            server.sock.shutdown(socket.SHUT_RDWR)
