"""Several API processes behind one port: started, replaced when they die, and ended together.

They share the listening socket, so that the system hands each connection to one of them, and what their
parent imported and compiled before it forked them. All else each has for itself: its connections to the
database, its commits, its caches.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import FrameType

import structlog

from workflow.cli.serving import GRACE_SECONDS, serve
from workflow.clock import monotonic
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings
from workflow.supervisor.service import Restarts

_KILLED_AFTER = GRACE_SECONDS + 5
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger(__name__)


class ApiProcesses:
    """The processes, from their parent's side. Only in the main thread of a process that has no other.

    Args:
        settings: every process gets the same.
        listening: bound; the parent keeps it, so that nobody else gets the port while a process is replaced.
        counters: as for `serve`.
    """

    def __init__(self, settings: Settings, listening: socket.socket, number: int, counters: Path) -> None:
        self._settings = settings
        self._listening = listening
        self._number = number
        self._counters = counters
        self._context = get_context("fork")
        self._restarts = Restarts()
        self._members: dict[int, tuple[ForkProcess, float]] = {}
        """By sentinel: the process, and since when it runs."""
        self._failures = 0

    def run(self) -> None:
        """Keep so many processes running until SIGTERM or SIGINT; returns when all have ended.

        Raises:
            MakegoodError: the store or a definition cannot be used.
        """
        runtime = open_runtime(self._settings)  # what cannot work is said here, once; the rest is inherited
        runtime.registry.compile_before_fork(self._number)
        runtime.close()
        gc.collect()
        gc.freeze()
        with _told_to_stop() as told:
            self._lifeline = self._context.Pipe(duplex=False)
            for _ in range(self._number):
                self._start()
            try:
                self._keep(told)
            finally:
                self._end()

    def _keep(self, told: Connection) -> None:
        """Replace who dies; the more deaths in a row, the later."""
        missing_until = 0.0
        while True:
            missing = self._number - len(self._members)
            pause = max(0.0, missing_until - monotonic()) if missing else None
            ready = connection.wait([told, *self._members], pause)
            if told in ready:
                return
            for sentinel in ready:
                missing_until = monotonic() + self._buried(int(sentinel))  # type: ignore[arg-type]
            if missing and not ready:
                for _ in range(missing):
                    self._start()

    def _buried(self, sentinel: int) -> float:
        """Take leave of a process that died; the seconds until there shall be another."""
        process, since = self._members.pop(sentinel)
        process.join()
        self._failures = self._restarts.failures(self._failures, monotonic() - since)
        pause = self._restarts.backoff.pause(self._failures)
        log.error("an API process died", pid=process.pid, code=process.exitcode, replaced_in_seconds=pause)
        return pause

    def _start(self) -> None:
        process = self._context.Process(target=self._serve, name="makegood-api")
        with _signals_wait():
            process.start()
        self._members[process.sentinel] = process, monotonic()

    def _serve(self) -> None:
        """A child's life. It ends with its parent, however that ends."""
        for number in _STOP_SIGNALS:
            signal.signal(number, signal.SIG_DFL)  # or it would tell its parent to stop
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        parent, held = self._lifeline
        held.close()  # else the parent's end would not be the end of it

        def follow() -> None:
            connection.wait([parent])  # nothing is ever said: it is ready when the other end is gone
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=follow, name="makegood-lifeline", daemon=True).start()
        serve(self._settings, self._listening, self._counters)

    def _end(self) -> None:
        """Have all end at once, each in good order; who does not is killed."""
        self._listening.close()  # else who comes now would wait for somebody to take the call
        processes = [process for process, _ in self._members.values()]
        for process in processes:
            process.terminate()
        deadline = monotonic() + _KILLED_AFTER
        for process in processes:
            process.join(max(0.0, deadline - monotonic()))
            if process.is_alive():
                log.error("an API process did not end, and is killed", pid=process.pid)
                process.kill()
                process.join()


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Neither signal comes while this lasts: a child must not take its parent's for its own."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)


@contextmanager
def _told_to_stop() -> Iterator[Connection]:
    """Something to wait for: it is ready once SIGTERM or SIGINT has come."""
    told, tell = connection.Pipe(duplex=False)

    def on_signal(number: int, frame: FrameType | None) -> None:
        tell.send_bytes(b"!")

    before = {number: signal.signal(number, on_signal) for number in _STOP_SIGNALS}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
