"""Whether the broker answers, asked without keeping anybody waiting: a probe has its own short patience."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Literal

from workflow.clock import monotonic

BrokerState = Literal["reachable", "unreachable", "not-set"]

_PATIENCE = 0.5
"""Seconds that a caller waits for an answer; a broker that is slower counts as unreachable."""
_KEEP = 2.0
"""Seconds for which an answer is believed."""


class BrokerWatch:
    """Asks the broker from a thread of its own, one question at a time.

    Args:
        reachable: asks; may block for some seconds. None: no broker is set.
    """

    def __init__(self, reachable: Callable[[], bool] | None) -> None:
        self._reachable = reachable
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="broker-watch")
        self._lock = Lock()
        self._asked: Future[bool] | None = None
        self._asked_at = 0.0

    def state(self) -> BrokerState:
        """What is known now, at most some seconds old."""
        if self._reachable is None:
            return "not-set"
        with self._lock:
            if self._asked is None or (self._asked.done() and monotonic() - self._asked_at > _KEEP):
                self._asked, self._asked_at = self._thread.submit(self._reachable), monotonic()
            asked = self._asked
        wait([asked], _PATIENCE)
        return "reachable" if asked.done() and asked.result() else "unreachable"

    def close(self) -> None:
        """Stop asking."""
        self._thread.shutdown(wait=False, cancel_futures=True)
