"""The worker whose throughput is measured: makegood's own Celery app, less the scheduler and the relay.

A message says "go" and is one batch. The scheduler would ask for more by itself and the relay would take its
share of the machine, so neither takes part: `celery -A benchmarks.worker worker`.
"""

from __future__ import annotations

from benchmarks.messages import APPLY, FIRE
from tasks.app import app, settings
from tasks.pool.process import here
from tasks.ready_step import ReadyStep
from tasks.scheduler.step import HeartbeatStep, SchedulerStep

app.steps["worker"] -= {SchedulerStep, ReadyStep}
app.steps["consumer"].discard(HeartbeatStep)


@app.task(name=FIRE)  # type: ignore[untyped-decorator]
def fire() -> int:
    """Fire one batch of due timers."""
    return here(app).runtime.engine.fire(settings.timer_batch).decided


@app.task(name=APPLY)  # type: ignore[untyped-decorator]
def apply() -> int:
    """Apply one batch of accepted events."""
    return here(app).runtime.engine.apply(settings.event_batch).decided
