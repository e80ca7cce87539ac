"""The Celery app of `makegood worker` and `makegood flower`. Importing it reads the settings, no more."""

from __future__ import annotations

import os
from typing import Any

import structlog
from celery import signals

from tasks.consumer.remote_control import RemoteControlStep
from tasks.pool import process, readiness
from tasks.ready_step import ReadyStep
from tasks.scheduler.step import HeartbeatStep, SchedulerStep
from workflow.broker.app import celery_app
from workflow.engine.transient_errors import described, is_transient
from workflow.settings import read_settings
from workflow.telemetry import logs

TASKS = ("events", "timers", "relay", "notices", "receipts", "documents")
"""The modules with our tasks."""

settings = read_settings()
app = celery_app(settings)
app.conf.worker_consumer = "tasks.consumer.consumer:Consumer"
app.conf.include = [f"tasks.{name}" for name in TASKS]
app.steps["worker"].update((SchedulerStep, ReadyStep, RemoteControlStep))
app.steps["consumer"].add(HeartbeatStep)

if settings.worker_metrics is not None:
    from tasks.pool import task_meter

    task_meter.count()

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
    try:
        process.here(app)
    except Exception as error:
        for_now = is_transient(error)
        worker.say(False, for_now=for_now)
        if for_now:
            log.error("not ready, the first task tries again", error=described(error))
            return
        # Whatever it took would be lost. So it takes nothing, and the worker ends.
        log.critical("a process of the pool cannot decide", error=described(error))
        os._exit(1)
    worker.say(True)


@signals.worker_process_shutdown.connect(weak=False)
def _close(**_: Any) -> None:
    process.leave()
