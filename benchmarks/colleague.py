"""Somebody else's Celery worker, with a task that makegood's effects name: it knows nothing of makegood.

Started by `celery -A benchmarks.colleague worker -Q bench`, told its broker and its sink by the environment.
"""

from __future__ import annotations

import json
import os
from time import time

from celery import Celery

QUEUE, TASK = "bench", "bench.note"

app = Celery("colleague", broker=os.environ.get("BENCH_BROKER", "redis://127.0.0.1:1/0"))
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)
_sinks: list[int] = []


@app.task(name=TASK)  # type: ignore[untyped-decorator]
def note(subject: str, posted: float) -> None:
    """Write down how many milliseconds after `posted` (Unix time) this starts."""
    late = (time() - posted) * 1000
    if not _sinks:
        _sinks.append(os.open(os.environ["BENCH_SINK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644))
    os.write(_sinks[0], json.dumps([subject, late]).encode() + b"\n")
