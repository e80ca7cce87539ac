"""The scheduler's process: `python -m tasks.scheduler WORKER CONCURRENCY`, beside each worker."""

from __future__ import annotations

import signal
import sys

from tasks.pool.process import here, leave
from tasks.scheduler.actions import WorkerActions
from tasks.scheduler.loop import SchedulerLoop
from tasks.scheduler.pipe import PipeWakeUps
from tasks.scheduler.watch import Watch
from workflow.broker.client import celery_app
from workflow.settings import read_settings
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
    worker, concurrency = int(sys.argv[1]), int(sys.argv[2])
    wake_ups = PipeWakeUps(sys.stdin.fileno(), worker)
    process = here(celery_app(settings))
    actions = _Watching(process, concurrency)
    actions.watch = Watch(worker, wake_ups, process.broker.reachable)
    try:
        SchedulerLoop(actions, process.runtime.clock, wake_ups, sweep_seconds=settings.sweep_seconds).run()
    finally:
        leave()


if __name__ == "__main__":
    main()
