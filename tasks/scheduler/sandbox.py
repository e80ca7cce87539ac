"""What a scheduler does besides in a sandbox: it passes time, which passes nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tasks.scheduler.sweep import sweep
from workflow.clock import SandboxClock
from workflow.engine.runtime import Runtime
from workflow.sandbox.passing import Passing
from workflow.sandbox.real_time import RealTime


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The two times of a sandbox: its own, and the real one for what waits for that."""

    passing: Passing
    real_time: RealTime


def sandbox_of(runtime: Runtime) -> Sandbox | None:
    """For one scheduler; None where the clock goes by itself."""
    clock, settings = runtime.clock, runtime.settings
    if not isinstance(clock, SandboxClock):
        return None
    passing = Passing(
        runtime.store,
        clock,
        patience=settings.sandbox_patience_seconds,
        before_moving=partial(sweep, runtime.engine, clock),
    )
    return Sandbox(passing, RealTime(runtime.store, clock))
