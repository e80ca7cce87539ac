"""The pipe from a worker to its scheduler: single bytes, and its end is the worker's end."""

from __future__ import annotations

import os
import select

from tasks.scheduler.loop import TICK
from workflow.clock import monotonic

BEAT, WAKE, END = b".", b"!", b"x"
_READ = 4096


class PipeWakeUps:
    """Wake-ups from the worker that started this process."""

    def __init__(self, descriptor: int, worker: int) -> None:
        """Reads from `descriptor`; `worker` is the process id of the worker, our parent."""
        self._descriptor = descriptor
        self._worker = worker
        self._last_beat = monotonic()

    @property
    def silent_seconds(self) -> float:
        """For how long the worker's event loop has not shown a sign of life."""
        return monotonic() - self._last_beat

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until a wake-up (those within a tick are one); False when the worker is gone."""
        deadline = monotonic() + seconds
        while True:
            left = deadline - monotonic()
            ready = select.select([self._descriptor], [], [], max(0.0, left))[0]
            said = os.read(self._descriptor, _READ) if ready else None
            # The pipe's end may be held open by processes that the worker forked: ask who our parent is, too.
            if said == b"" or os.getppid() != self._worker:
                return False
            if said is None:
                return True
            if END in said:
                return False
            if BEAT in said:
                self._last_beat = monotonic()
            if WAKE in said:
                deadline = min(deadline, monotonic() + TICK)
