"""SIGHUP: a terminal that is closed ends a service in good order.

Sent to one that has no terminal it asks for settings to be read anew, as of many other services. Ours reads
them when it starts: nothing is changed, nobody's request is broken off, and the log says what is to be done.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType

import structlog

log = structlog.get_logger(__name__)


def answer_hang_up() -> None:
    """From now on, in this process and those that it forks. One that is ignored (nohup) stays so."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _end if _has_terminal() else _stay)


def _has_terminal() -> bool:
    with suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR))
        return True
    return False


def _end(number: int, frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _stay(number: int, frame: FrameType | None) -> None:
    log.warning("SIGHUP changes nothing: settings are read at a start, so start it again", pid=os.getpid())
