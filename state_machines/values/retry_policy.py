"""How often and how soon something that failed is tried again: a value, and one formula for all of them."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double from `first` up to `longest` seconds."""

    first: float
    longest: float

    def pause(self, failures: int, jitter: float = 1.0) -> float:
        """Seconds to wait after so many failures in a row, 1 and up.

        Args:
            failures: how many there have been.
            jitter: from 0 to 1, by chance, so that failures do not march in step: the pause is between half
                of the whole one (0) and the whole one (1).
        """
        whole = min(self.longest, self.first * 2.0 ** min(max(0, failures - 1), _MOST_DOUBLINGS))
        return whole / 2 + whole / 2 * jitter


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often an effect is tried, and the pauses between two attempts in real seconds."""

    max_attempts: int = 8
    backoff: Backoff = Backoff(first=2.0, longest=900.0)
