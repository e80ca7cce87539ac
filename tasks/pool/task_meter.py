"""How long tasks took, for Prometheus: counted by each process of a pool, shown by the worker's scheduler.

The processes share files of the Prometheus client's (see `shared_meters`): none needs a door of its own, and
what ended with a process stays counted. Only where `MAKEGOOD_WORKER_METRICS` says so is this imported.
"""

from __future__ import annotations

from typing import Any

import structlog
from celery import signals
from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from workflow.clock import monotonic

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

log = structlog.get_logger(__name__)


class TaskMeter:
    """Counts the tasks of one process, which carries out one at a time."""

    def __init__(self) -> None:
        self._seconds = Histogram(
            "makegood_task_seconds", "Time that a task of this worker took.", ["task", "outcome"],
            buckets=_BUCKETS, registry=CollectorRegistry(),
        )  # fmt: skip
        self._began = 0.0

    def begin(self, **_: Any) -> None:
        """A task begins now."""
        self._began = monotonic()

    def end(self, task: Any = None, state: Any = None, **_: Any) -> None:
        """It has ended. A worker carries out tasks of ours alone, so their names are few."""
        outcome = "success" if state == "SUCCESS" else "failure"
        self._seconds.labels(task.name, outcome).observe(monotonic() - self._began)


def count() -> None:
    """Have the tasks of this process, and of those that it forks, counted."""
    meter = TaskMeter()
    signals.task_prerun.connect(meter.begin, weak=False)
    signals.task_postrun.connect(meter.end, weak=False)


def show(place: str) -> None:
    """Show at `host:port` what all processes of this worker have counted, from a thread of this one.

    Where the place is taken there are no figures, and the log says so: no worker ends for that.
    """
    host, _, port = place.rpartition(":")
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    try:
        start_http_server(int(port), host, registry)
    except OSError as error:
        log.error("no figures of tasks are shown", place=place, error=type(error).__name__)
