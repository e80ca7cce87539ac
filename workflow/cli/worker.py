"""`makegood worker`: a Celery worker (prefork) with its scheduler. Any number may run."""

from __future__ import annotations

import os
import sys
from typing import Annotated
from uuid import uuid4

import typer

from workflow.broker import task_names
from workflow.broker.celery_settings import broker_url
from workflow.settings import Settings, read_settings

_APP = "tasks.app"
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
    settings = read_settings()
    broker_url(settings)  # says what is missing better than Celery would
    argv = worker_argv(settings, concurrency, queues, name, scheduler_only=scheduler_only or clock_only)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(argv[0], argv)


def worker_argv(
    settings: Settings,
    concurrency: int | None = None,
    queues: str = task_names.QUEUES,
    name: str | None = None,
    *,
    scheduler_only: bool = False,
) -> list[str]:
    """The command of a Celery worker of ours, with a node name that no other has."""
    if scheduler_only:
        pool = ["--pool", "solo", "--queues", task_names.IDLE_QUEUE]
    else:
        count = settings.worker_concurrency if concurrency is None else concurrency
        pool = ["--pool", "prefork", "--concurrency", str(count), "--queues", queues]
    node = name or f"{'scheduler' if scheduler_only else 'worker'}-{uuid4().hex[:8]}"
    return [
        sys.executable, "-m", "celery", "-A", _APP, "worker", *pool, "--hostname", f"{node}@%h",
        "--task-events", "--without-mingle", "--without-gossip", "--loglevel", settings.log_level,
    ]  # fmt: skip
