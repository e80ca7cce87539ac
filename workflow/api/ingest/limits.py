"""How many requests and bytes are served at once: a bound on memory, whatever is sent.

Without one a burst would end the process, and lose the requests that it already serves.
"""

from __future__ import annotations

from typing import NamedTuple

from workflow.api.http.problems import busy


class Limits(NamedTuple):
    """What one process serves at once.

    Attributes:
        requests: with events, from their head to their answer.
        bytes: of their bodies, as announced; the longest possible where nothing is.
        waiting: events that are checked and wait to be committed.
    """

    requests: int = 1_024
    bytes: int = 32 * 1024 * 1024
    waiting: int = 10_000


class RequestLimiter:
    """Counts the requests being served. Only the event loop's thread may use it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._requests = 0
        self._bytes = 0

    def acquire(self, size: int) -> None:
        """Admit a request whose body has so many bytes, until `release`. Raises Refusal (429) at a limit."""
        if self._requests >= self._limits.requests:
            raise busy("concurrency", f"{self._requests} requests with events are being served")
        # A request is admitted if nothing else is being served, whatever its size: one whose body is allowed
        # must not be refused for ever.
        if self._requests and self._bytes + size > self._limits.bytes:
            raise busy("memory", f"{self._bytes} bytes of events are being served")
        self._requests += 1
        self._bytes += size

    def release(self, size: int) -> None:
        """A request with so many bytes has been answered."""
        self._requests -= 1
        self._bytes -= size
