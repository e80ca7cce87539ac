"""What the test servers have in common: their absence, and not outliving the test run."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


class ServerMissing(RuntimeError):
    """A server that a test needs is not installed; the message says what to install."""


def die_with_parent(death_signal: int) -> Callable[[], None] | None:
    """A hook for the new process, so that a killed test run leaves no server behind (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def hook() -> None:
        prctl(_PR_SET_PDEATHSIG, death_signal)

    return hook
