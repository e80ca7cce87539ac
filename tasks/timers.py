"""The task about timers."""

from __future__ import annotations

from tasks.app import app
from tasks.pool.process import here
from tasks.pool.shift import Done, work
from workflow.broker.task_names import FIRE


@app.task(name=FIRE)
def fire() -> Done:
    """Fire due timers and whatever events wait, publish what that asks for, stand by for more."""
    return work(here(app), FIRE)
