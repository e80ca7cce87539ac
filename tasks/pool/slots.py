"""Seats: how many processes of a pool may do the same at once, so that one is always free for the rest.

A seat is a byte of an unnamed file that the worker opens before it forks, held by a lock of POSIX: the kernel
gives it back however its holder ends, and nothing is left lying about.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from typing import IO

_MOST = 1024


class Slots:
    """The seats of one pool; the same object, inherited by all of its processes."""

    def __init__(self, processes: int) -> None:
        """For a pool of so many processes."""
        self.processes = processes
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  for as long as the pool lives
        self._held: set[int] = set()
        self._pid = os.getpid()

    @property
    def for_listening(self) -> range:
        """Who may stand by: one in four, and one at least."""
        return range(max(1, self.processes // 4))

    @property
    def for_sending(self) -> range:
        """Who may send notices: all but one."""
        return range(_MOST, _MOST + max(1, self.processes - 1))

    def take(self, slots: range) -> int | None:
        """One of these that nobody has; None when all are taken."""
        if self._pid != os.getpid():
            self._pid, self._held = os.getpid(), set()
        for slot in slots:
            if slot in self._held:
                continue
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
            except OSError:
                continue
            self._held.add(slot)
            return slot
        return None

    def give_back(self, slot: int) -> None:
        """Somebody else may have it."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
        self._held.discard(slot)


_pool: Slots | None = None


def prepare(processes: int) -> None:
    """In the worker, before it forks a pool of so many processes."""
    global _pool
    _pool = Slots(processes)


def of_this_pool() -> Slots | None:
    """The pool's own; None in a process that belongs to no pool."""
    return _pool
