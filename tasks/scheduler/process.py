"""The worker's end of the pipe: forks the scheduler's process, talks to it, ends it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

import structlog
from billiard import get_context

from tasks.pool.readiness import Readiness
from tasks.scheduler.pipe import BEAT, END, WAKE
from tasks.scheduler.run import run

_STOP_SECONDS = 5.0

log = structlog.get_logger(__name__)


class SchedulerProcess:
    """The scheduler of this worker.

    It is forked as Celery forks its pool, when the worker has looked at its lifecycles: what is imported and
    compiled by then is there at once, and connections are left to their owner.
    """

    def __init__(self, concurrency: int, readiness: Readiness) -> None:
        """For a pool of so many processes; the scheduler says to `readiness` that it runs."""
        self._concurrency = concurrency
        self._readiness = readiness
        self._process: Any = None
        self._pipe: int | None = None

    def start(self) -> None:
        """Start its process, which ends when the worker does, however that ends."""
        read, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        self._process = get_context("fork").Process(
            target=run, args=(read, self._pipe, os.getpid(), self._concurrency, self._readiness), daemon=True
        )
        self._process.start()
        os.close(read)
        log.info("the scheduler is started", process=self._process.pid)

    def beat(self) -> None:
        """Show that this worker's event loop runs; start the scheduler again if it has died."""
        if self._process is not None and self._process.exitcode is not None:
            log.error("the scheduler died and is started again", exit_code=self._process.exitcode)
            self._close_pipe()
            self.start()
        self._tell(BEAT)

    def wake(self) -> None:
        """Have the scheduler look now."""
        self._tell(WAKE)

    def stop(self) -> None:
        """End the scheduler's process."""
        if self._process is None:
            return
        self._tell(END)  # the end of the pipe may be held open by what the worker forked
        self._close_pipe()
        self._process.join(_STOP_SECONDS)
        if self._process.exitcode is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.join()
        self._process = None

    def _tell(self, said: bytes) -> None:
        if self._pipe is None:
            return
        # Full or broken: it has enough to read, or the next beat starts another.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._pipe, said)

    def _close_pipe(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
