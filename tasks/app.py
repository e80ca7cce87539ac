"""The Celery app of `makegood worker` and `makegood flower`. Importing it reads the settings, no more."""

from __future__ import annotations

from typing import Any

import structlog
from celery import signals

from tasks.pool import process
from tasks.scheduler.step import HeartbeatStep, SchedulerStep
from workflow.broker.client import celery_app
from workflow.errors import MakegoodError
from workflow.settings import read_settings
from workflow.telemetry import logs

settings = read_settings()
app = celery_app(settings)
app.conf.include = [
    f"tasks.{name}" for name in ("events", "timers", "relay", "notices", "receipts", "documents")
]
app.steps["worker"].add(SchedulerStep)
app.steps["consumer"].add(HeartbeatStep)

log = structlog.get_logger(__name__)


@signals.setup_logging.connect(weak=False)
def _log(**_: Any) -> None:
    """JSON lines like every other process of ours, instead of Celery's own form."""
    logs.configure(settings.log_level)


@signals.worker_process_init.connect(weak=False)
def _open(**_: Any) -> None:
    """Build what this process of the pool works with, before its first task."""
    try:
        process.here(app)
    except MakegoodError as error:
        log.error("not ready, the first task tries again", error=str(error))


@signals.worker_process_shutdown.connect(weak=False)
def _close(**_: Any) -> None:
    process.leave()
