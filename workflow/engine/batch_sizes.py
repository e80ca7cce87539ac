"""How many are decided in one batch: as many as take a moment, by how long the last ones took.

A batch is a commit, so many together are cheap; but what comes during one waits until it ends. A decision of
a small lifecycle takes a fiftieth of what one of a large one takes.
"""

from __future__ import annotations

A_MOMENT = 0.08
"""Seconds that a batch is to take, about."""
LEAST = 50
"""A batch is not made smaller than this: its commit would cost as much as its decisions."""


class BatchSizes:
    """What one process has seen of its batches, by their kind."""

    def __init__(self, *, steady: bool = False) -> None:
        """`steady`: as many as are asked for, however long they take: what must follow from virtual time."""
        self._steady = steady
        self._seconds: dict[str, float] = {}

    def limit(self, kind: str, most: int) -> int:
        """How many of a kind to decide in the next batch, up to `most`."""
        seconds = self._seconds.get(kind)
        if seconds is None or self._steady:
            return most
        return min(most, max(LEAST, int(A_MOMENT / seconds)))

    def note(self, kind: str, decided: int, seconds: float) -> None:
        """A batch of a kind took so long. Small ones, whose commit weighs most, tell nothing."""
        if decided < LEAST:
            return
        each = max(seconds / decided, 1e-6)
        before = self._seconds.get(kind, each)
        self._seconds[kind] = (before + each) / 2
