"""A figure that takes long to count is counted in the background and remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from workflow.clock import monotonic

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Refreshed(Generic[T]):
    """The last value of a function that may take seconds; it is called in a thread and not too often.

    Args:
        compute: returns the value. When it raises, that is logged and the last value stays.
        keep: seconds for which a value is not computed again.
        share: of all time that computing may take: what takes long is computed seldom.
        patience: seconds that `get` waits for a value under way; what is quick is always fresh.
    """

    def __init__(
        self, compute: Callable[[], T], *, keep: float, share: float = 0.01, patience: float = 1.0
    ) -> None:
        self._compute = compute
        self._keep, self._share, self._patience = keep, share, patience
        self._lock = threading.Lock()
        self._value: T | None = None
        self._until = 0.0
        self._thread: threading.Thread | None = None

    def get(self) -> T | None:
        """The last value; None if none was ever computed."""
        with self._lock:
            if self._thread is None and monotonic() >= self._until:
                self._thread = threading.Thread(target=self._refresh, name="makegood-count", daemon=True)
                self._thread.start()
            thread = self._thread
        if thread is not None:
            thread.join(self._patience)
        return self._value

    def _refresh(self) -> None:
        began = monotonic()
        try:
            self._value = self._compute()
        except Exception as error:  # the other figures are shown all the same
            log.warning("a figure could not be counted", error=type(error).__name__)
        finally:
            ended = monotonic()
            with self._lock:
                self._until = ended + max(self._keep, (ended - began) / self._share)
                self._thread = None
