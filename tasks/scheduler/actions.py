"""What the clock's loop works with in a real worker: the store, the broker, the engine."""

from __future__ import annotations

import math

import structlog

from tasks.pool.process import Process
from tasks.scheduler.loop import Work
from tasks.scheduler.sweep import sweep
from workflow.maintenance import backlog

log = structlog.get_logger(__name__)


class WorkerActions:
    """The clock's hands on one store and one broker."""

    def __init__(self, process: Process, concurrency: int) -> None:
        """`concurrency` processes are there to do the work."""
        settings = process.runtime.settings
        self._process = process
        self._concurrency = concurrency
        self._batches = {
            Work.APPLY: settings.event_batch,
            Work.FIRE: settings.timer_batch,
            Work.RELAY: settings.effect_batch,
        }

    def look(self) -> backlog.Backlog:
        """What waits now, counted no further than the pool can use."""
        runtime = self._process.runtime
        bound = max(self._batches.values()) * self._concurrency
        return backlog.look(runtime.store, runtime.clock.now(), bound)

    def ask(self, work: Work, waiting: int) -> None:
        """Wake who stands by; for every further batch a message, and no more than the pool has processes.

        Raises BrokerUnreachable.
        """
        runtime, broker = self._process.runtime, self._process.broker
        subjects = backlog.some_subjects(runtime.store, runtime.clock.now(), work)
        broker.wake(work, subjects)
        for _ in range(1, min(self._concurrency, math.ceil(waiting / self._batches[work]))):
            broker.go(work, subjects)

    def stood_by(self) -> bool:
        """Whether somebody stands by, who is there when the next timer is due."""
        return self._process.broker.notifier.subscribers() > 0

    def carry_out(self, work: Work) -> None:
        """Do a bounded part of it in this process; the next look finds the rest."""
        if work is Work.RELAY:
            self._process.relay.run()
        else:
            self._process.decide()

    def sweep(self) -> None:
        """Hand abandoned sends over to people."""
        runtime = self._process.runtime
        unknown = sweep(runtime.engine, runtime.clock)
        if unknown:
            log.warning("sends with an unknown outcome went to a person", sends=unknown)
