"""How many connections one process holds, in all and from one address."""

from __future__ import annotations

import resource
from collections import Counter

_OWN_FILES = 128
"""Files that a process needs for itself: its database, its broker, its logs, what it listens on."""


class Connections:
    """Counts open connections. Only the event loop's thread may use it.

    Args:
        most: in all; fewer where the process may not open so many files.
        most_of_one: from one address; 0: as many as in all.
    """

    def __init__(self, most: int, most_of_one: int = 0) -> None:
        self._most = min(most, _file_bound())
        self._most_of_one = most_of_one or self._most
        self._open = 0
        self._of_one: Counter[str] = Counter()

    def admit(self, address: str) -> str | None:
        """Count a connection until its `release`; or the name of the bound that keeps it out, uncounted."""
        if self._open >= self._most:
            return "connections"
        if address and self._of_one[address] >= self._most_of_one:
            return "connections-per-address"
        self._open += 1
        self._of_one[address] += 1
        return None

    def release(self, address: str) -> None:
        """A connection that was admitted has ended."""
        self._open -= 1
        self._of_one[address] -= 1
        if not self._of_one[address]:
            del self._of_one[address]


def _file_bound() -> int:
    """How many connections this process can have: a file each, beside its own."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, soft - _OWN_FILES) if soft != resource.RLIM_INFINITY else 2**31
