"""Waiting for real processes: polling a condition up to a deadline, never sleeping for a fixed time.

The deadline is there for what never comes about. It says nothing about how fast it should be: be generous.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from workflow.clock import monotonic

_PAUSE = 0.02


def wait_until(
    condition: Callable[[], object],
    *,
    seconds: float,
    what: str,
    seen: Callable[[], object] | None = None,
    every: float = _PAUSE,
) -> None:
    """Return as soon as `condition()` is true, which is asked again after `every` seconds.

    Raises TimeoutError after `seconds`, naming `what` and what was there instead: what `seen` gives then,
    else the last that `condition` gave.
    """
    deadline = monotonic() + seconds
    pause = threading.Event()
    while not (last := condition()):
        if monotonic() > deadline:
            instead = last if seen is None else seen()
            raise TimeoutError(f"waited {seconds:g} s for {what}; there was instead: {instead}")
        pause.wait(every)
