"""Addresses that have asked for time: what else is for one waits so long, and the address is left alone.

A receiver that takes so many a minute says so to all the others (429, `Retry-After`). Asked by each of a
thousand in turn, it would refuse most of them eight times, and people would be told what it takes by and by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.channels.port import NotAsked, Retry
from workflow.clock import monotonic

_IN_VAIN = 3
"""Times in a row that an address has asked for time and taken nothing in between: then each notice counts its
attempts, so that a person hears."""
_MOST = 1_000


class AskedTime:
    """What one process knows of it. For any thread."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        """`seconds` returns real seconds of a counter that never jumps."""
        self._seconds = seconds
        self._resting: dict[str, tuple[float, int]] = {}
        """By address: until when, and how often in a row."""

    @contextmanager
    def asking(self, address: str) -> Iterator[None]:
        """While this lasts an address is asked; a `Retry` with `after` says that it wants time.

        Raises:
            NotAsked: it has asked for time, and was not asked.
        """
        until, times = self._resting.get(address, (0.0, 0))
        now = self._seconds()
        if until > now:
            words = "channel: who gets it has asked for time"
            raise (NotAsked if times <= _IN_VAIN else Retry)(f"{words} [asked-for-time]", until - now)
        try:
            yield
        except Retry as error:
            if error.after:
                self._rest(address, error.after)
            raise
        self._resting.pop(address, None)

    def _rest(self, address: str, seconds: float) -> None:
        """Of several that were asked at once, it counts once."""
        now = self._seconds()
        until, times = self._resting.get(address, (0.0, 0))
        if len(self._resting) >= _MOST:
            self._resting.clear()
        self._resting[address] = max(until, now + seconds), times if until > now else times + 1
