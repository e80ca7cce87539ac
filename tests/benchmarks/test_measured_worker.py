"""The worker whose throughput is measured has no scheduler, and waits for none."""

from __future__ import annotations

import os
import subprocess
import sys

_ASKED = """
from benchmarks.worker import app
from tasks.scheduler.step import SchedulerStep
steps = app.steps["worker"]
assert SchedulerStep not in steps, steps
bound = [one for one in steps if SchedulerStep in one.requires]
assert bound == [], bound
"""


def test_no_step_of_it_brings_the_scheduler_in() -> None:
    """Celery starts what a step requires, whether it was taken out or not."""
    surroundings = {**os.environ, "MAKEGOOD_BROKER_URL": "redis://127.0.0.1:1"}  # it is never connected to
    command = [sys.executable, "-c", _ASKED]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=60, env=surroundings)
    assert asked.returncode == 0, asked.stderr
