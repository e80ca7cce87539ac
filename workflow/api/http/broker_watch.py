"""Whether the broker answers, asked without keeping anybody waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from workflow.api.http.probe import Probe

BrokerState = Literal["reachable", "unreachable", "not-set"]

_PATIENCE = 0.5
"""Seconds that a caller waits for an answer; a broker that is slower counts as unreachable."""
_KEEP = 2.0
"""Seconds for which an answer is believed."""


class BrokerWatch:
    """Asks the broker, one question at a time.

    Args:
        reachable: asks; may block for some seconds. None: no broker is set.
    """

    def __init__(self, reachable: Callable[[], bool] | None) -> None:
        self._probe = None if reachable is None else Probe(reachable, patience=_PATIENCE, keep=_KEEP)

    def state(self) -> BrokerState:
        """What is known now, at most some seconds old."""
        if self._probe is None:
            return "not-set"
        return "reachable" if self._probe.answer() else "unreachable"
