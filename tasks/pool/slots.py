"""Slots: how many processes of a pool may do the same at once, so that one is always free for the rest.

A slot is a byte of an unnamed file that the worker opens before it forks, held by a POSIX lock: the kernel
releases it however its holder ends, and nothing is left behind.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from typing import IO

from workflow.settings import Settings


class Slots:
    """The slots of one pool; the same object, inherited by all of its processes."""

    def __init__(self, processes: int) -> None:
        """For a pool of so many processes."""
        self.processes = processes
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  for as long as the pool lives
        self._held: set[int] = set()
        self._pid = os.getpid()

    @property
    def for_listening(self) -> range:
        """The slots of those that listen: one process in four, and one at least."""
        return range(max(1, self.processes // 4))

    @property
    def for_relieving(self) -> range:
        """The slots of those that would listen beside their work, if somebody else stopped."""
        return range(self.processes, 2 * self.processes)

    def acquire(self, slots: range) -> int | None:
        """Hold one of these that is free, and return it; None when all are held."""
        self._forget_after_fork()
        for slot in slots:
            if slot not in self._held and self._lock(slot):
                self._held.add(slot)
                return slot
        return None

    def are_held_elsewhere(self, slots: range) -> bool:
        """Whether another process holds one of these."""
        self._forget_after_fork()
        for slot in slots:
            if slot in self._held:
                continue
            if not self._lock(slot):
                return True
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
        return False

    def release(self, slot: int) -> None:
        """Let another process hold it; one that is not held is left as it is."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
        self._held.discard(slot)

    def _lock(self, slot: int) -> bool:
        """Lock its byte; whether no other process has."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            return False
        return True

    def _forget_after_fork(self) -> None:
        """What the parent holds is not held here."""
        if self._pid != os.getpid():
            self._pid, self._held = os.getpid(), set()


_pool: Slots | None = None


def prepare(processes: int) -> None:
    """Make the slots of a pool of so many processes; in the worker, before it forks."""
    global _pool
    _pool = Slots(processes)


def of_this_pool(settings: Settings) -> Slots | None:
    """This pool's slots; None outside of a pool, and where no process may listen (`stand_by_seconds` 0)."""
    return _pool if settings.stand_by_seconds > 0 else None
