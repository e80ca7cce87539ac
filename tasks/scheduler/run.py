"""The scheduler's process, from its fork to its end."""

from __future__ import annotations

import os

import structlog
from celery import platforms
from celery.concurrency import prefork

from tasks.pool.process import Process, settle_down
from tasks.pool.readiness import Readiness
from tasks.scheduler.actions import WorkerActions
from tasks.scheduler.forwarder import ForwarderProcess
from tasks.scheduler.loop import SchedulerLoop
from tasks.scheduler.pipe import PipeWakeUps
from tasks.scheduler.watch import Watch
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.clock import SandboxClock
from workflow.engine.transient_errors import described, is_transient
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings, read_settings
from workflow.telemetry import tracing

log = structlog.get_logger(__name__)


class _Watching(WorkerActions):
    """Looks after the worker, and the forwarder beside it, whenever it sweeps."""

    watch: Watch
    forwarder: ForwarderProcess | None

    def sweep(self) -> None:
        self.watch.check()
        super().sweep()

    def sweep_store(self) -> None:
        if self.forwarder is not None:
            self.forwarder.look()
        super().sweep_store()


def run(read: int, write: int, worker: int, concurrency: int, readiness: Readiness) -> None:
    """Run until the worker is gone.

    Args:
        read, write: the ends of the pipe from the worker.
        worker: the process id of the worker, our parent.
        concurrency: how many processes its pool has.
        readiness: is told once whether this process can decide.
    """
    # As in the pool's processes: signals mean what they mean anywhere, and ctrl-C is for the worker alone.
    platforms.signals.reset(*prefork.WORKER_SIGRESET)
    platforms.signals.ignore("SIGINT")
    os.close(write)
    settings = read_settings()
    tracing.configure("scheduler")
    if settings.worker_metrics is not None:
        from tasks.pool.task_meter import show

        show(settings.worker_metrics)
    wake_ups = PipeWakeUps(read, worker)
    process = _opened(settings, readiness)
    actions = _Watching(process, concurrency)
    actions.watch = Watch(worker, wake_ups, actions.broker_answers)
    is_sandbox = isinstance(process.runtime.clock, SandboxClock)  # from which nothing leaves
    actions.forwarder = None if is_sandbox else ForwarderProcess(process.runtime.store)
    try:
        SchedulerLoop(actions, process.runtime.clock, wake_ups, sweep_seconds=settings.sweep_seconds).run()
    finally:
        if actions.forwarder is not None:
            actions.forwarder.stop()
        process.close()
        tracing.shutdown()


def _opened(settings: Settings, readiness: Readiness) -> Process:
    """What the scheduler works with: no channels."""
    try:
        process = Process(open_runtime(settings), Broker(celery_app(settings)), {})
    except Exception as error:
        for_now = is_transient(error)
        readiness.say(False, for_now=for_now)
        log.critical("the scheduler cannot decide", error=described(error))
        raise SystemExit(1) from None
    settle_down()
    readiness.say(True)
    return process
