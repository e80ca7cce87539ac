"""Wake-ups close together become one: a hundred requests in one moment send one, and wait for nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from workflow.clock import monotonic

_MESSAGE_PAUSE, _NOTIFICATION_PAUSE = 0.01, 0.002
"""Seconds after a message, and after a notification that was received, which is cheap."""
_KEYS = 6

log = structlog.get_logger(__name__)


class WakeUps:
    """Sends wake-ups from a thread of its own, which starts with the first one."""

    def __init__(self, send: Callable[[str, Sequence[str]], bool]) -> None:
        """`send(task, subjects)` wakes a process, returns whether one was listening, and may raise
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
            received = [self._try(task, subjects) for task, subjects in asked.items()]
            if closing:
                return
            pause = _NOTIFICATION_PAUSE if all(received) else _MESSAGE_PAUSE
            with self._changed:
                self._changed.wait_for(lambda: self._closing, max(0.0, began + pause - monotonic()))

    def _try(self, task: str, subjects: Sequence[str]) -> bool:
        try:
            return self._send(task, subjects)
        except Exception as error:  # whatever a transport raises: this thread must go on
            log.warning("wake-up lost, the next sweep finds the work", task=task, error=repr(error))
            return False
