"""The watch over the worker: one that is deaf for good is ended, for its supervisor to start another.

A worker whose event loop stands still, or whose consumer never came back after the broker did, looks alive
from outside and does nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Protocol

import structlog

DEAF_SECONDS = 60.0
"""Longer than the pauses with which Celery tries to reconnect (32 s at most)."""

log = structlog.get_logger(__name__)


class Pulse(Protocol):
    """Signs of life."""

    @property
    def silent_seconds(self) -> float:
        """For how long there was none."""


class Watch:
    """Looks after one worker process."""

    def __init__(
        self,
        worker: int,
        pulse: Pulse,
        broker_answers: Callable[[], bool],
        deaf_seconds: float = DEAF_SECONDS,
    ) -> None:
        self._worker = worker
        self._pulse = pulse
        self._broker_answers = broker_answers
        self._deaf_seconds = deaf_seconds

    def check(self) -> None:
        """End the worker outright (exit code -9) if it has been deaf too long although the broker answers.

        Without a broker there is nothing to hear, and the clock goes on by itself.
        """
        if self._pulse.silent_seconds > self._deaf_seconds and self._broker_answers():
            log.error(
                "the worker is deaf and is ended", worker=self._worker, seconds=self._pulse.silent_seconds
            )
            os.kill(self._worker, signal.SIGKILL)
