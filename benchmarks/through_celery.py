"""Batches through the real Celery worker and a real Valkey: one "go" message a batch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep, time
from typing import Any

from celery import Celery

from benchmarks.commits import Window, committed
from benchmarks.meter import METER
from benchmarks.session import Session
from tests.waiting import wait_until
from workflow.broker import celery_app
from workflow.settings import Settings

_ROOT = Path(__file__).parent.parent
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
    url = session.server.url(database)
    with session.broker() as broker, _worker(session, url, broker.url, processes, batch) as app:
        with app.connection_for_write() as connection:
            for _ in range(int(_FASTEST * measured.total / batch) + processes):
                app.send_task(task, connection=connection)
        begun = time()
        app.control.add_consumer("makegood", **_AT_ONCE)
        sleep(max(0.0, begun + measured.total - time()))
        broker.flush()
        return committed(session.conninfo(database), table, begun, measured)


@contextmanager
def _worker(session: Session, url: str, broker: str, processes: int, batch: int) -> Iterator[Celery]:
    """A worker that is up and whose consumer waits to be told to begin."""
    place = session.place("worker")
    (place / "lifecycles").mkdir()
    (place / "lifecycles" / "meter.yaml").write_text(METER)
    told = {
        "MAKEGOOD_DATABASE_URL": url,
        "MAKEGOOD_BROKER_URL": broker,
        "MAKEGOOD_DATA_DIR": str(place),
        "MAKEGOOD_LIFECYCLES": str(place / "lifecycles"),
        "MAKEGOOD_LOG_LEVEL": "ERROR",
        "MAKEGOOD_TIMER_BATCH": str(batch),
        "MAKEGOOD_EVENT_BATCH": str(batch),
    }
    argv = [
        sys.executable, "-m", "celery", "-A", "benchmarks.worker", "worker", "--pool", "prefork",
        "--concurrency", str(processes), "--queues", "makegood", "--hostname", "bench@%h",
        "--task-events", "--without-mingle", "--without-gossip", "--loglevel", "ERROR",
    ]  # fmt: skip
    app = celery_app(Settings(broker_url=broker))
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=_ROOT, env=os.environ | told, stdout=log, stderr=log)
    try:
        wait_until(lambda: app.control.ping(timeout=1, limit=1), seconds=60, what="the worker to answer")
        app.control.cancel_consumer("makegood", **_AT_ONCE)
        yield app
    except Exception as error:
        error.add_note("the worker said: " + (place / "log").read_text(errors="replace")[-3000:])
        raise
    finally:
        process.terminate()
        process.wait(60)
