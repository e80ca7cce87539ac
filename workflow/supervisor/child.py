"""One running process: started in a group of its own, logging to a file, ended with its whole group."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from io import FileIO
from pathlib import Path
from threading import Event

from workflow.clock import monotonic
from workflow.supervisor.guard import Guard, signal_group
from workflow.supervisor.service import Service

_POLL_SECONDS = 0.05
_FULL_LOG_BYTES = 10_000_000


class Child:
    """A service's process, from start to end."""

    def __init__(self, service: Service, log: Path, guard: Guard) -> None:
        """Start it, appending its output to `log`. Raises OSError when its program cannot be run."""
        self._stop_seconds = service.stop_seconds
        self._guard = guard
        with _open_log(log) as output:
            self._process = subprocess.Popen(
                service.argv,
                env={**os.environ, **service.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            guard.add(self.pid)
            with suppress(OSError):  # a full disk: it runs all the same
                output.write(f"--- makegood: {service.name} runs as process {self.pid}\n".encode())

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal), or None while it runs."""
        return self._process.poll()

    def end(self, hurry: Event) -> None:
        """SIGTERM to itself, a bounded wait, then SIGKILL to what is left of its group.

        Its own children are not signalled at first: a worker lets its pool finish what it is doing. Setting
        `hurry` cuts the wait short.
        """
        if self._process.poll() is None:
            self._process.terminate()
            deadline = monotonic() + self._stop_seconds
            while self._process.poll() is None and monotonic() < deadline and not hurry.is_set():
                hurry.wait(_POLL_SECONDS)
        signal_group(self.pid, signal.SIGKILL)
        self._process.wait()
        self._guard.remove(self.pid)


def _open_log(path: Path) -> FileIO:
    """Append to a log, unbuffered; one that has grown full is kept once under `.old` and begun anew."""
    if path.exists() and path.stat().st_size > _FULL_LOG_BYTES:
        path.replace(path.with_suffix(".old"))
    return path.open("ab", buffering=0)


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for an error message."""
    if not log.exists():
        return ""
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - 8_000))
        return "\n".join(lines.read().decode(errors="replace").splitlines()[-count:])
