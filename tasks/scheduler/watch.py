"""The watch over the worker: one that no longer takes messages is killed, and its supervisor starts another.

A worker whose event loop stands still, or whose consumer never came back after the broker did, looks alive
from outside and does nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Protocol

import structlog

SILENT_SECONDS = 60.0
"""Longer than the pauses with which Celery tries to reconnect (32 s at most)."""

log = structlog.get_logger(__name__)


class Heartbeat(Protocol):
    """When the worker last showed that its event loop runs."""

    @property
    def silent_seconds(self) -> float:
        """Seconds since the last sign of life."""


class Watch:
    """Watches one worker process."""

    def __init__(
        self,
        worker: int,
        heartbeat: Heartbeat,
        broker_answers: Callable[[], bool],
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._worker = worker
        self._heartbeat = heartbeat
        self._broker_answers = broker_answers
        self._silent_seconds = silent_seconds

    def check(self) -> None:
        """Kill the worker (exit code -9) if it has been silent too long although the broker answers.

        Without a broker a worker has nothing to take, and its scheduler goes on by itself.
        """
        if self._heartbeat.silent_seconds > self._silent_seconds and self._broker_answers():
            log.error(
                "the worker takes no messages and is killed",
                worker=self._worker,
                seconds=self._heartbeat.silent_seconds,
            )
            os.kill(self._worker, signal.SIGKILL)
