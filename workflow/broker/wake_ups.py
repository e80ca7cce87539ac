"""Wake-ups, drawn together: a hundred requests in one moment become one message, and none waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from workflow.clock import monotonic

_PAUSE, _BREATH = 0.01, 0.002
"""Seconds between two messages, at least, and between two rings that somebody heard, which are cheap."""
_KEYS = 6

log = structlog.get_logger(__name__)


class WakeUps:
    """Sends wake-ups from a thread of its own, which starts with the first one: that waits for nothing."""

    def __init__(self, send: Callable[[str, Sequence[str]], bool]) -> None:
        """`send(task, subjects)` wakes somebody, tells whether they were standing by, and may raise
        BrokerUnreachable.
        """
        self._send = send
        self._changed = threading.Condition()
        self._asked: dict[str, list[str]] = {}
        self._thread: threading.Thread | None = None
        self._closing = False

    def ask(self, task: str, subjects: Sequence[str]) -> None:
        """Have `task` sent soon; returns at once."""
        with self._changed:
            keys = self._asked.setdefault(task, [])
            keys += [key for key in subjects[:_KEYS] if len(keys) < _KEYS and key not in keys]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="makegood-wakes", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Send what was asked for, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked or self._closing)
                asked, self._asked = self._asked, {}
                closing = self._closing
            began = monotonic()
            heard = [self._try(task, subjects) for task, subjects in asked.items()]
            if closing:
                return
            pause = _BREATH if all(heard) else _PAUSE
            with self._changed:
                self._changed.wait_for(lambda: self._closing, max(0.0, began + pause - monotonic()))

    def _try(self, task: str, subjects: Sequence[str]) -> bool:
        try:
            return self._send(task, subjects)
        except Exception as error:  # whatever a transport raises: without this thread nobody is woken again
            log.warning("wake-up lost, the next sweep finds the work", task=task, error=repr(error))
            return False
