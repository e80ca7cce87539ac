"""Several API processes behind one port: started, replaced when they die, and ended together.

They share the listening socket, so that the system hands each connection to one of them. Each is on its own:
its connections to the database, its commits, its caches.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import structlog

from workflow.api.http.metrics import COUNTERS
from workflow.cli.serving import GRACE_SECONDS, serve
from workflow.clock import monotonic
from workflow.settings import Settings
from workflow.supervisor.service import Restarts

_KILLED_AFTER = GRACE_SECONDS + 5

log = structlog.get_logger(__name__)


class ApiProcesses:
    """The processes, from their parent's side. Only in a process's main thread.

    Args:
        settings: every process gets the same.
        listening: bound; the parent keeps it, so that nobody else gets the port while a process is replaced.
    """

    def __init__(self, settings: Settings, listening: socket.socket, number: int) -> None:
        self._settings = settings
        self._listening = listening
        self._number = number
        self._context = get_context("spawn")
        self._restarts = Restarts()
        self._members: dict[int, tuple[SpawnProcess, float]] = {}
        """By sentinel: the process, and since when it runs."""
        self._failures = 0

    def run(self) -> None:
        """Keep so many processes running until SIGTERM or SIGINT; returns when all have ended."""
        with TemporaryDirectory(prefix="makegood-counters-") as counters, _told_to_stop() as told:
            os.environ[COUNTERS] = counters  # before a child imports the client that reads it
            lifeline, self._held = self._context.Pipe(duplex=False)
            for _ in range(self._number):
                self._start(Path(counters), lifeline)
            try:
                self._keep(told, Path(counters), lifeline)
            finally:
                self._end()

    def _keep(self, told: Connection, counters: Path, lifeline: Connection) -> None:
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
                    self._start(counters, lifeline)

    def _buried(self, sentinel: int) -> float:
        """Take leave of a process that died; the seconds until there shall be another."""
        process, since = self._members.pop(sentinel)
        process.join()
        self._failures = self._restarts.failures(self._failures, monotonic() - since)
        pause = self._restarts.backoff.pause(self._failures)
        log.error("an API process died", pid=process.pid, code=process.exitcode, replaced_in_seconds=pause)
        return pause

    def _start(self, counters: Path, lifeline: Connection) -> None:
        process = self._context.Process(
            target=_member, args=(self._settings, self._listening, counters, lifeline), name="makegood-api"
        )
        process.start()
        self._members[process.sentinel] = process, monotonic()

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


def _member(settings: Settings, listening: socket.socket, counters: Path, lifeline: Connection) -> None:
    """A child's life. It ends with its parent, however that ends."""

    def follow() -> None:
        connection.wait([lifeline])  # nothing is ever said: it is ready when the other end is gone
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, name="makegood-lifeline", daemon=True).start()
    serve(settings, listening, counters)


@contextmanager
def _told_to_stop() -> Iterator[Connection]:
    """Something to wait for: it is ready once SIGTERM or SIGINT has come."""
    told, tell = connection.Pipe(duplex=False)

    def on_signal(number: int, frame: FrameType | None) -> None:
        tell.send_bytes(b"!")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
