"""The worker's end of the pipe: starts the scheduler's process, talks to it, ends it."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

import structlog

from tasks.scheduler.pipe import BEAT, END, WAKE
from workflow.supervisor.interpreter import import_environment, module_command

_STOP_SECONDS = 5.0

log = structlog.get_logger(__name__)


class SchedulerProcess:
    """The scheduler of this worker."""

    def __init__(self, concurrency: int, ready: int) -> None:
        """For a pool of so many processes; the scheduler says over the descriptor `ready` that it runs."""
        self._concurrency = concurrency
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start its process: it waits for a first beat, and ends when the worker does, however that ends."""
        self._process = subprocess.Popen(
            module_command("tasks.scheduler", *map(str, (os.getpid(), self._concurrency, self._ready))),
            env={**os.environ, **import_environment()},
            stdin=subprocess.PIPE,
            pass_fds=(self._ready,),
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)

    def beat(self) -> None:
        """Show that this worker's event loop runs; start the scheduler again if it has died."""
        if self._process is not None and self._process.poll() is not None:
            log.error("the scheduler died and is started again", exit_code=self._process.returncode)
            self.start()
        self._tell(BEAT)

    def wake(self) -> None:
        """Have the scheduler look now."""
        self._tell(WAKE)

    def stop(self) -> None:
        """End the scheduler's process."""
        if self._process is None or self._process.stdin is None:
            return
        self._tell(END)  # the end of the pipe may be held open by what the worker forked
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _tell(self, said: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            return
        # Full or broken: it has enough to read, or the next beat starts another.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._process.stdin.fileno(), said)
