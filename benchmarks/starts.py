"""What it costs to start a command: CPU seconds until it has done its work, or stands ready for more.

On SQLite, with a database that is migrated and has had a process before: what is done once in its life is not
counted. Bytecode is there. A start is the same whatever the machine does beside it, but for its clock rate.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

import httpx
import psutil

from benchmarks.figures import Figure
from benchmarks.goals import at_most
from benchmarks.rounds import Reading
from benchmarks.session import Session
from benchmarks.stack import COMMAND, ROOT, Stack, installed

_MOST = 1.5
_PROMISE = "state_machines/catalog/promise/promise.yaml"
SHORT = {"help": ("--help",), "check": ("check", _PROMISE), "keys": ("keys", "list")}


def measure(session: Session) -> list[Figure]:
    """`start_api`, in CPU seconds until it answers; the notes tell of the other commands."""
    result = session.contest("starts", {"makegood": lambda: _ours(session)}, yardsticks={})
    others = ", ".join(
        f"`{name}` {result.median('makegood', name):.2f}" for name in (*SHORT, "worker", "first")
    )
    figure = result.figure(
        "start_api", "CPU s", measure="api", bare=None,
        goal=lambda found: at_most(_MOST, "CPU s", found.value),
        notes="`makegood api` from nothing until it is ready, one process on SQLite; beside it, in the same "
        f"unit: {others}; a worker has two processes, `first` is the first event of a promise, for which the "
        "lifecycle is compiled and the route looked into",
    )  # fmt: skip
    return [figure]


def _ours(session: Session) -> Reading:
    with installed(session, session.migrated("sqlite"), definitions=()) as stack:
        key = stack.key()  # a process that opens the store: the catalog is registered by the next
        stack.start_api()
        stack.stop()
        readings = {name: _cpu_of(stack, words) for name, words in SHORT.items()}
        api = stack.start_api()
        readings["api"] = api.cpu_seconds()
        _make_a_promise(api.url, key)
        readings["first"] = api.cpu_seconds() - readings["api"]
        worker = psutil.Process(stack.start_worker().pid)
        stack.wait_for_workers(1)
        readings["worker"] = sum(
            one.cpu_times().user + one.cpu_times().system
            for one in (worker, *worker.children(recursive=True))
        )
    return readings


def _cpu_of(stack: Stack, words: Sequence[str]) -> float:
    """What a command uses that ends by itself."""
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=ROOT,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"makegood {' '.join(words)}: exit code {process.returncode}")
    return used.ru_utime + used.ru_stime


def _make_a_promise(url: str, key: str) -> None:
    body = {
        "specversion": "1.0", "id": "1", "source": "/bench", "type": "promise.make", "subject": "promise:1",
        "data": {"words": "We call", "owner": "o@example.org", "due_at": "2099-01-01T00:00:00Z"},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
    httpx.post(f"{url}/v1/events", json=body, headers=headers, timeout=30).raise_for_status()
