"""Batches through the real Celery worker and a real Valkey: one "go" message a batch."""

from __future__ import annotations

import sys
from time import sleep, time
from typing import Any

import redis

from benchmarks.commits import Window, committed
from benchmarks.meter import METER
from benchmarks.session import Session
from benchmarks.stack import ROOT, installed
from workflow.broker.app import celery_app
from workflow.broker.task_names import QUEUE
from workflow.settings import Settings

_AT_ONCE: dict[str, Any] = {"reply": True, "timeout": 5, "limit": 1}
"""One worker answers; without a limit Celery would go on listening for others."""
_FASTEST = 80_000
"""Rows a second that no machine is expected to exceed: so many messages are sent in advance."""


def batches(
    session: Session, database: str, task: str, table: str, *, processes: int, measured: Window, batch: int
) -> float:
    """Rows of `table` committed a second while a worker with so many processes carries out "go" messages.

    The messages wait in the broker before the measuring begins, so that whoever sends them takes no part.
    """
    sizes = {"MAKEGOOD_TIMER_BATCH": str(batch), "MAKEGOOD_EVENT_BATCH": str(batch)}
    with installed(session, session.server.url(database), (METER,), **sizes) as stack:
        stack.spawn([sys.executable, *_worker(processes)], ROOT)
        stack.wait_for_workers(1)
        app = celery_app(Settings(broker_url=stack.broker_url))
        app.control.cancel_consumer(QUEUE, **_AT_ONCE)
        with app.connection_for_write() as connection:
            for _ in range(int(_FASTEST * measured.total / batch) + processes):
                app.send_task(task, connection=connection)
        begun = time()
        app.control.add_consumer(QUEUE, **_AT_ONCE)
        sleep(max(0.0, begun + measured.total - time()))
        with redis.Redis.from_url(stack.broker_url) as broker:
            broker.flushall()
        try:
            return committed(session.conninfo(database), table, begun, measured)
        except ValueError as error:
            error.add_note(f"the worker said: {stack.said()}")
            raise


def _worker(processes: int) -> list[str]:
    return [
        "-m", "celery", "-A", "benchmarks.worker", "worker", "--pool", "prefork",
        "--concurrency", str(processes), "--queues", QUEUE, "--hostname", "bench@%h",
        "--task-events", "--without-mingle", "--without-gossip", "--loglevel", "ERROR",
    ]  # fmt: skip
