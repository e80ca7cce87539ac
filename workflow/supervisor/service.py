"""A supervised process, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from state_machines.values.backoff import Backoff

Check = Callable[[], bool]
"""Asks a process, from outside, whether it does its work; answers within some seconds and never raises."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process that the supervisor starts and keeps. Durations are in real seconds."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Added to the supervisor's own environment; may hold secrets."""
    ready: Check | None = None
    """It is ready, and the next service may start, once this is true; None: once its process exists."""
    ready_seconds: float = 120.0
    alive: Check | None = None
    """Asked every `alive_every` seconds; `alive_misses` answers of no in a row mean it hangs."""
    alive_every: float = 10.0
    alive_misses: int = 3
    stop_seconds: float = 15.0
    """How long it may take over SIGTERM before SIGKILL."""
    once: bool = False
    """Runs to its end, which must be exit code 0, before the next service starts; never restarted."""
    beside: bool = False
    """Starts, and ends, together with the service before it: neither needs the other."""


_DOUBLING = Backoff(first=0.5, longest=30.0)


@dataclass(frozen=True, slots=True)
class Restarts:
    """How soon what died is started again; after a run of more than `calm_seconds` failures count anew."""

    backoff: Backoff = _DOUBLING
    calm_seconds: float = 60.0

    def failures(self, before: int, ran_seconds: float) -> int:
        """Failures in a row, this one included, after `before` and a run of so many seconds."""
        return 1 if ran_seconds > self.calm_seconds else before + 1


@dataclass(frozen=True, slots=True)
class Report:
    """One line of news about a service."""

    service: str
    status: str
    """`starting`, `ready`, `done`, `died`, `hung`, `restarting`, `stopping` or `stopped`."""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.service:<10} {self.status:<10} {self.detail}".rstrip()
