"""How much may be in the house at once: a bound on memory, whatever is sent.

Without one a burst would take the process down, with the events it already has.
"""

from __future__ import annotations

from typing import NamedTuple

from workflow.api.http.problems import busy


class Limits(NamedTuple):
    """What one process takes in at once.

    Attributes:
        requests: with events, from their head to their answer.
        bytes: of their bodies, as announced; the longest possible where nothing is.
        waiting: events that are checked and wait to be committed.
    """

    requests: int = 1_024
    bytes: int = 32 * 1024 * 1024
    waiting: int = 10_000


class RequestLimiter:
    """Counts who is inside. Only the event loop's thread may use it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._requests = 0
        self._bytes = 0

    def enter(self, size: int) -> None:
        """Take a place for a body of so many bytes, until `leave`. Raises Refusal (429) if there is none."""
        if self._requests >= self._limits.requests:
            raise busy("concurrency", f"{self._requests} requests with events are being served")
        # Who is alone comes in, however large: nothing that is allowed may be refused for ever.
        if self._requests and self._bytes + size > self._limits.bytes:
            raise busy("memory", f"{self._bytes} bytes of events are being served")
        self._requests += 1
        self._bytes += size

    def leave(self, size: int) -> None:
        """Give the place back."""
        self._requests -= 1
        self._bytes -= size
