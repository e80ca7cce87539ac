"""How many bodies may be in the house at once.

Each may be 8 MiB; without a bound a burst would take the process down with the events it already has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workflow.api.problems import Kind, Refusal

MOST_AT_ONCE = 64


class Admission:
    """Counts who is inside. Only the event loop's thread may use it."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._inside = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold a place. Raises Refusal (429, with Retry-After) when there is none."""
        if self._inside >= self._most:
            raise Refusal.of(
                Kind.BUSY,
                "request",
                "concurrency",
                f"{self._most} requests with events are being served",
                Retry_After="1",
            )
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
