"""The clock's process: `python -m tasks.clock WORKER CONCURRENCY`, started by a worker and ending with it."""

from __future__ import annotations

import signal
import sys

from tasks.app import app, settings
from tasks.clock.hands import WorkerHands
from tasks.clock.loop import ClockLoop
from tasks.clock.pipe import PipeWakes
from tasks.clock.watch import Watch
from tasks.process import here, leave
from workflow import logs


class _Watching(WorkerHands):
    """Looks after the worker whenever it sweeps."""

    watch: Watch

    def sweep(self) -> None:
        self.watch.check()
        super().sweep()


def main() -> None:
    """Run until the worker is gone."""
    logs.configure(settings.log_level)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the worker, which then ends us
    worker, concurrency = int(sys.argv[1]), int(sys.argv[2])
    wakes = PipeWakes(sys.stdin.fileno(), worker)
    process = here(app)
    hands = _Watching(process, concurrency)
    hands.watch = Watch(worker, wakes, process.broker.reachable)
    try:
        ClockLoop(hands, process.runtime.clock, wakes, sweep_seconds=settings.sweep_seconds).run()
    finally:
        leave()


if __name__ == "__main__":
    main()
