"""The Celery app of `makegood worker` and `makegood flower`. Importing it reads the settings, no more."""

from __future__ import annotations

import os
from typing import Any

import structlog
from celery import signals
from sqlalchemy.exc import SQLAlchemyError

from state_machines.errors import StateMachineError
from tasks.pool import process, readiness
from tasks.ready_step import ReadyStep
from tasks.scheduler.step import HeartbeatStep, SchedulerStep
from workflow.broker.app import celery_app
from workflow.engine.transient_errors import described
from workflow.errors import MakegoodError
from workflow.settings import read_settings
from workflow.telemetry import logs

TASKS = ("events", "timers", "relay", "notices", "receipts", "documents")
"""The modules with our tasks."""

settings = read_settings()
app = celery_app(settings)
app.conf.include = [f"tasks.{name}" for name in TASKS]
app.steps["worker"].update((SchedulerStep, ReadyStep))
app.steps["consumer"].add(HeartbeatStep)

log = structlog.get_logger(__name__)


@signals.setup_logging.connect(weak=False)
def _log(**_: Any) -> None:
    """JSON lines like every other process of ours, instead of Celery's own form."""
    logs.configure(settings.log_level)


@signals.worker_process_init.connect(weak=False)
def _open(**_: Any) -> None:
    """Build what this process of the pool works with, before its first task, and tell the worker."""
    worker = readiness.of_this_worker()
    if worker is None or worker.worker == os.getpid():
        return  # no process of its own: the first task builds it
    if worker.worker != os.getppid():
        os._exit(0)  # the worker was killed before this process had asked to be told
    can = False
    try:
        process.here(app)
        can = True
    except (MakegoodError, StateMachineError, SQLAlchemyError) as error:
        log.error("not ready, the first task tries again", error=described(error))
    finally:
        worker.say(can)


@signals.worker_process_shutdown.connect(weak=False)
def _close(**_: Any) -> None:
    process.leave()
