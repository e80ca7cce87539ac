"""Waiting for real processes: polling a condition up to a deadline, never sleeping for a fixed time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from workflow.clock import monotonic

_PAUSE = 0.02


def wait_until(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Return as soon as `condition()` is true. Raises TimeoutError naming `what` after `seconds`."""
    deadline = monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        pause.wait(_PAUSE)
