"""`makegood worker`: a Celery worker (prefork) with its scheduler. Any number may run."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from importlib import import_module
from typing import Annotated, Any
from uuid import uuid4

import typer

from workflow.broker import task_names

APP = "tasks.app"
"""By name: nothing in `workflow` imports what builds on it."""


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Processes in the pool. Default: MAKEGOOD_WORKER_CONCURRENCY.")
    ] = None,
    queues: Annotated[str, typer.Option(help="Queues to consume, separated by commas.")] = task_names.QUEUES,
    name: Annotated[
        str | None, typer.Option(help="Name of this worker in monitoring. Default: one of its own.")
    ] = None,
    scheduler_only: Annotated[
        bool,
        typer.Option("--scheduler-only", help="Only the scheduler: notice what is due, carry nothing out."),
    ] = False,
    clock_only: Annotated[bool, typer.Option("--clock-only", hidden=True)] = False,  # an earlier name
) -> None:
    """Carry out what is due, until it is told to stop; tasks that have begun are finished."""
    from celery.utils.nodenames import default_nodename, host_format

    from workflow.broker.celery_settings import broker_url
    from workflow.broker.redis_cluster import refuse_cluster
    from workflow.settings import read_settings
    from workflow.telemetry.shared_meters import shared_meters

    settings = read_settings()
    broker_url(settings)  # says what is missing better than Celery would
    idle = scheduler_only or clock_only
    node = name or f"{'scheduler' if idle else 'worker'}-{uuid4().hex[:8]}"
    with nullcontext() if settings.worker_metrics is None else shared_meters():
        app: Any = import_module(APP).app
        refuse_cluster(app)
        running: Any = app.Worker(
            # Our own app, as an object: Celery's command would look for it in the current folder.
            **(_idle() if idle else _pool(concurrency or settings.worker_concurrency, queues)),
            hostname=host_format(default_nodename(f"{node}@%h")),
            loglevel=settings.log_level,
            task_events=True,
            without_mingle=True,
            without_gossip=True,
        )
        running.start()
    sys.exit(running.exitcode)


def _pool(processes: int, queues: str) -> dict[str, Any]:
    return {"pool": "prefork", "concurrency": processes, "queues": queues.split(",")}


def _idle() -> dict[str, Any]:
    """No pool: nothing is sent to the queue that is listened on."""
    return {"pool": "solo", "queues": [task_names.IDLE_QUEUE]}
