"""The task about timers."""

from __future__ import annotations

from tasks.app import app
from tasks.pool.process import here
from tasks.pool.run_loop import TaskResult, decide_and_listen
from workflow.broker.task_names import FIRE


@app.task(name=FIRE)
def fire() -> TaskResult:
    """Fire due timers and whatever events wait, publish what that asks for, listen for more."""
    return decide_and_listen(here(app), FIRE)
