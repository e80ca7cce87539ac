"""How soon something that failed is tried again: one formula for all of it."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double from `first` up to `longest` seconds."""

    first: float
    longest: float

    def pause(self, failures: int, jitter: float = 1.0) -> float:
        """Seconds to wait after so many failures in a row.

        Args:
            failures: how many there have been, 1 and up.
            jitter: from 0 to 1, by chance, so that failures do not march in step: the pause is between half
                of the whole one (0) and the whole one (1).
        """
        whole = min(self.longest, self.first * 2.0 ** min(max(0, failures - 1), _MOST_DOUBLINGS))
        return whole / 2 + whole / 2 * jitter
