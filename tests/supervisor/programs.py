"""Small real programs for the supervisor to keep."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workflow.supervisor.service import Service

# Writes its pid, and stays until SIGTERM, which it records: the order of endings can be read from the file.
STEADY = """
import os, signal, sys, threading
name, record = sys.argv[1:]
def note(what):
    with open(record, "a") as lines:
        lines.write(f"{what} {name} {os.getpid()}\\n")
def on_term(number, frame):
    note("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, on_term)
note("start")
while True:
    signal.pause()
"""

# Like a wedged worker: deaf to SIGTERM, with a child of its own.
STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
with open(sys.argv[2], "a") as lines:
    lines.write(f"inner {sys.argv[1]} {inner.pid}\\n")
while True:
    signal.pause()
"""


def program(source: str, name: str, record: Path, **more: object) -> Service:
    """A service that runs a Python source with its own name and the record's path as arguments."""
    return Service(name, (sys.executable, "-c", source, name, str(record)), **more)  # type: ignore[arg-type]


def noted(record: Path, what: str) -> list[tuple[str, int]]:
    """The (name, pid) pairs of a kind in the record, in order."""
    if not record.exists():
        return []
    lines = [line.split() for line in record.read_text().splitlines()]
    return [(line[1], int(line[2])) for line in lines if len(line) == 3 and line[0] == what]


def runs(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
