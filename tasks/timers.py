"""The task about timers."""

from __future__ import annotations

from tasks.aftermath import Done, finish
from tasks.app import app
from tasks.process import here
from workflow.task_names import FIRE


@app.task(name=FIRE)
def fire() -> Done:
    """Fire due timers until none is left, and relay what that asks for."""
    process = here(app)
    return finish(process, process.fire(), FIRE)
