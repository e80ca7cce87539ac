"""The forwarder of a worker: a process of its own, there only while somebody has subscribed to something.

In a process of the pool a receiver that answers late would hold what deadlines need (docs/adr/0042).
"""

from __future__ import annotations

import os
import subprocess
import sys

import structlog

from workflow.clock import monotonic
from workflow.store.port import Store
from workflow.subscriptions.turns import are_active

_STOP_SECONDS = 3.0
_AGAIN_SECONDS = 5.0
"""Between two starts, at least: one that cannot run says why each time."""

log = structlog.get_logger(__name__)


class ForwarderProcess:
    """Starts it when it is needed, and again when it has died; ends it with the scheduler."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None
        self._started = float("-inf")

    def look(self) -> None:
        """See that it runs if there is an active subscription."""
        if self._process is not None and self._process.poll() is None:
            return
        if monotonic() - self._started < _AGAIN_SECONDS or not are_active(self._store):
            return
        self._started = monotonic()
        command = [sys.executable, "-m", "tasks.forwarding", str(os.getpid())]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        log.info("the forwarder is started", process=self._process.pid)

    def stop(self) -> None:
        """End it; what it is sending is sent again by the next, under the same ids."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
