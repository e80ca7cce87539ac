"""The guard: a process that ends what a killed supervisor left running.

The supervisor runs this file as a script and writes to its pipe which process groups there are: a line
`+PID` or `-PID` each. The pipe closing is the sign that the supervisor is gone: what is still on the list
gets SIGTERM, and its whole group SIGKILL after a grace. Only the standard library, so that it starts at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress

_PAUSE = 0.1


class Guard:
    """The supervisor's end of the pipe. Safe to use from several threads."""

    def __init__(self, grace: float) -> None:
        """Start the guard; it leaves processes `grace` seconds to end before it kills them."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def add(self, pid: int) -> None:
        """Have this process group ended if the supervisor is gone."""
        self._tell(f"+{pid}\n")

    def remove(self, pid: int) -> None:
        """Forget this process group: it has ended."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """End the guard, and whatever it still has on its list."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        # A guard that somebody killed is no reason to stop working: it matters only if we are killed, too.
        with self._lock, suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


def signal_group(pid: int, number: int) -> bool:
    """Send a signal to a whole process group; False when nothing is left of it."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def follow(lines: Iterable[str]) -> set[int]:
    """Read the supervisor's lines to their end; the process groups that were left."""
    groups: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        if line[0] == "+":
            groups.add(pid)
        else:
            groups.discard(pid)
    return groups


def end(groups: set[int], grace: float) -> None:
    """Ask the leaders to end, wait up to `grace` seconds, then kill what is left of their groups."""
    for pid in groups:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    pause = threading.Event()
    left = grace
    while left > 0 and any([signal_group(pid, 0) for pid in groups]):
        pause.wait(_PAUSE)
        left -= _PAUSE
    for pid in groups:
        signal_group(pid, signal.SIGKILL)


if __name__ == "__main__":
    # These signals are meant for the supervisor, not for its guard.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(follow(sys.stdin), float(sys.argv[1]))
