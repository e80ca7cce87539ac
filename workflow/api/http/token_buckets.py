"""A rate with a burst, for each of many names: one number is kept for each."""

from __future__ import annotations

from collections.abc import Callable

from workflow.clock import monotonic


class TokenBuckets:
    """A bucket of tokens for each name, filled at a rate, full at the start. For one thread.

    What is kept of a bucket is the moment at which it will be full again: one that is not kept is full.

    Args:
        rate: tokens that are added a second; more than 0.
        burst: tokens in a full bucket; at least 1.
        most: names that are kept. When there are more, full ones are forgotten, then the oldest.
        now: seconds on a clock that never goes back.
    """

    def __init__(
        self, rate: float, burst: int, most: int = 10_000, now: Callable[[], float] = monotonic
    ) -> None:
        self.rate = rate
        self.burst = burst
        self._each = 1.0 / rate
        self._whole = burst / rate
        self._most = most
        self._now = now
        self._full_at: dict[str, float] = {}

    def take(self, name: str) -> float:
        """Take one token: 0. Nothing is taken when there is none: the seconds until there will be one."""
        now = self._now()
        full_at = self._full_at.get(name, 0.0)
        then = (full_at if full_at > now else now) + self._each
        missing = then - now - self._whole
        if missing > 1e-9:
            return missing
        if len(self._full_at) >= self._most and name not in self._full_at:
            self._forget(now)
        self._full_at[name] = then
        return 0.0

    def give_back(self, name: str) -> None:
        """One that was taken was not needed."""
        if name in self._full_at:
            self._full_at[name] -= self._each

    def _forget(self, now: float) -> None:
        kept = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
        while len(kept) >= self._most:
            del kept[next(iter(kept))]
        self._full_at = kept
