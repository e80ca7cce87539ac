"""The scheduler's process: `python -m tasks.scheduler WORKER CONCURRENCY READY`, started by its worker."""

from __future__ import annotations

import os
import signal
import sys

from tasks.pool.process import Process, settle_down
from tasks.pool.readiness import say
from tasks.scheduler.actions import WorkerActions
from tasks.scheduler.loop import SchedulerLoop
from tasks.scheduler.pipe import END, PipeWakeUps
from tasks.scheduler.watch import Watch
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings, read_settings
from workflow.telemetry import logs


class _Watching(WorkerActions):
    """Looks after the worker whenever it sweeps."""

    watch: Watch

    def sweep(self) -> None:
        self.watch.check()
        super().sweep()


def main() -> None:
    """Run until the worker is gone."""
    settings = read_settings()
    logs.configure(settings.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the worker, which then ends us
    worker, concurrency, ready = map(int, sys.argv[1:4])
    # All is imported. The first beat says that the worker has loaded and registered its lifecycles.
    if os.read(sys.stdin.fileno(), 1) in (b"", END):
        return
    wake_ups = PipeWakeUps(sys.stdin.fileno(), worker)
    process = _opened(settings, ready)
    actions = _Watching(process, concurrency)
    actions.watch = Watch(worker, wake_ups, process.broker.reachable)
    try:
        SchedulerLoop(actions, process.runtime.clock, wake_ups, sweep_seconds=settings.sweep_seconds).run()
    finally:
        process.close()


def _opened(settings: Settings, ready: int) -> Process:
    """What the scheduler works with: no channels, and lifecycles compiled when it must decide by itself."""
    try:
        process = Process(open_runtime(settings, ahead=False), Broker(celery_app(settings)), {})
    except BaseException:
        say(ready, False)
        raise
    settle_down()
    say(ready, True)
    return process


if __name__ == "__main__":
    main()
