"""How a worker comes to be ready: it looks at lifecycles before it forks, and waits for what it forked."""

from __future__ import annotations

import gc
from typing import Any

import structlog
from celery import bootsteps
from celery.concurrency import prefork
from celery.worker import state
from sqlalchemy.exc import SQLAlchemyError

from state_machines.errors import StateMachineError
from tasks.channels.table import configured
from tasks.pool import readiness
from tasks.scheduler.step import SchedulerStep
from workflow.engine.transient_errors import described
from workflow.errors import MakegoodError
from workflow.recovery.runtime import open_runtime
from workflow.settings import read_settings
from workflow.store.waiting import wait_until_there

log = structlog.get_logger(__name__)


class ReadyStep(bootsteps.StartStopStep):
    """Comes before the consumer: nothing is taken from a queue, and "ready" not said, until it has started.

    A worker that cannot load its lifecycles, or whose processes cannot decide, ends with exit code 1.
    """

    requires = (SchedulerStep,)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        forks = issubclass(worker.pool_cls, prefork.TaskPool)
        self._processes = 1 + (max(1, worker.concurrency or 1) if forks else 0)  # and the scheduler
        _load(self._processes)

    def start(self, worker: Any) -> None:
        """Wait for the scheduler and for every process of the pool."""
        found = readiness.of_this_worker()
        assert found is not None
        seconds = worker.app.conf.worker_proc_alive_timeout
        wrong = found.wait(self._processes, seconds, state.maybe_shutdown)
        if wrong is not None:
            _end(wrong)


def _load(processes: int) -> None:
    """Wait for the database, and see that every lifecycle can be used.

    So many processes are forked then, and inherit what is compiled.

    No connection stays open, and there is no other thread: both would do harm over a fork.
    """
    try:
        settings = read_settings()
        wait_until_there(settings.database)
        runtime = open_runtime(settings)
        try:
            for one in runtime.registry.look_over():
                log.error(
                    "a definition is not understood here, its subjects are left to others",
                    lifecycle=one.lifecycle,
                    version=one.version,
                    error=str(one),
                )
            runtime.registry.compile_before_fork(processes - 1)
        finally:
            runtime.close()
        configured(settings, runtime.clock)
    except (MakegoodError, StateMachineError, OSError, UnicodeError) as error:
        _end(str(error) or type(error).__name__)
    except SQLAlchemyError as error:
        _end(f"database: {described(error)}. Is it there, and did `makegood migrate` run?")
    gc.collect()
    gc.freeze()


def _end(error: str) -> None:
    log.critical("the worker cannot start", error=error)
    raise SystemExit(1)
