"""How a Celery worker runs its scheduler: two bootsteps and a remote control command."""

from __future__ import annotations

from typing import Any

import structlog
from celery import bootsteps
from celery.concurrency import prefork
from celery.platforms import EX_FAILURE
from celery.worker import state
from celery.worker.control import control_command

from tasks.pool import readiness
from tasks.pool import slots as slots
from tasks.scheduler.process import SchedulerProcess
from workflow.broker.task_names import WAKE_SCHEDULERS

log = structlog.get_logger(__name__)

_BEAT_SECONDS = 1.0
_ATTRIBUTE = "makegood_scheduler"


class SchedulerStep(bootsteps.StartStopStep):
    """The scheduler: starts once the worker has loaded and the pool has forked, and is ended first."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        processes = max(1, worker.concurrency or 1)
        setattr(worker, _ATTRIBUTE, SchedulerProcess(processes, readiness.prepare()))
        if issubclass(worker.pool_cls, prefork.TaskPool):  # with any other, tasks would share one process
            slots.prepare(processes)
        options = worker.app.conf.broker_transport_options
        if processes == 1 and "queue_order_strategy" in options:
            # Work without end on the first queue would keep the only process from the others for ever.
            # In turns, a deadline waits for two slices of bulk at most.
            options["queue_order_strategy"] = "round_robin"

    def start(self, worker: Any) -> None:
        """With the worker."""
        scheduler_of(worker).start()

    def stop(self, worker: Any) -> None:
        """At a warm shutdown, before the pool finishes its last tasks."""
        scheduler_of(worker).stop()

    def terminate(self, worker: Any) -> None:
        """At a cold one."""
        scheduler_of(worker).stop()


class HeartbeatStep(bootsteps.StartStopStep):
    """Beats as long as the consumer's event loop runs: connected, and not standing still."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        """With every connection."""
        self._timer = consumer.timer.call_repeatedly(
            _BEAT_SECONDS, _beat, (scheduler_of(consumer.controller),)
        )

    def stop(self, consumer: Any) -> None:
        """When the connection is lost, and at the end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _beat(scheduler: SchedulerProcess) -> None:
    """Beat, unless a process that was started since will never decide: then the worker is to end."""
    found = readiness.of_this_worker()
    if found is not None and found.is_given_up():
        log.critical("the worker ends, a process that it started cannot decide; it says above why")
        state.should_stop = EX_FAILURE
    else:
        scheduler.beat()


@control_command(name=WAKE_SCHEDULERS, args=[("at", str)], signature="<instant>")
def wake_schedulers(state: Any, at: str = "", **_: Any) -> dict[str, str]:
    """A timer is due at this instant (RFC 3339): have this worker's scheduler look again."""
    scheduler_of(state.consumer.controller).wake()
    return {"ok": at}


def scheduler_of(worker: Any) -> SchedulerProcess:
    """The scheduler that a worker carries."""
    scheduler: SchedulerProcess = getattr(worker, _ATTRIBUTE)
    return scheduler
