"""A keeper: the thread that starts one service, watches it, and starts it again when it dies or hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from workflow.clock import monotonic
from workflow.supervisor.child import Child
from workflow.supervisor.guard import Guard
from workflow.supervisor.service import Report, Restarts, Service

_POLL_SECONDS = 0.1


class RunEnd(Enum):
    """How one run of a service came to its end."""

    DONE = "done"
    DIED = "died"
    HUNG = "hung"
    STOPPED = "stopped"


class Keeper(threading.Thread):
    """Keeps one service running until `stop`. All of the service's state is this thread's alone."""

    def __init__(
        self, service: Service, log: Path, guard: Guard, report: Callable[[Report], None], restarts: Restarts
    ) -> None:
        super().__init__(name=f"keeper-{service.name}", daemon=True)
        self.service = service
        self.log = log
        self._guard = guard
        self._report = report
        self._restarts = restarts
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._settled = threading.Event()
        self._child: Child | None = None
        self.failure: str | None = "was never ready"
        """Why its very first start failed, if it did; then it is not tried again."""

    @property
    def pid(self) -> int | None:
        """The process id of its present run, if it has one."""
        child = self._child
        return None if child is None else child.pid

    def wait_started(self, seconds: float) -> bool:
        """Wait until the service is ready (or done, if it runs once) or its first start has failed."""
        return self._settled.wait(seconds)

    def stop(self, *, hurry: bool = False) -> None:
        """End the service and do not start it again; `hurry`: without waiting for it. Follow with `join`.

        Asking again with `hurry` cuts a wait short.
        """
        if hurry:
            self._hurry.set()
        self._stopping.set()

    def run(self) -> None:
        """Keep the service running until `stop`, or until its first start fails."""
        try:
            self._keep()
        finally:
            self._settled.set()

    def _keep(self) -> None:
        """Run the service again and again, with pauses in between, until it is done or stopped."""
        failures = 0
        while not self._stopping.is_set():
            began = monotonic()
            outcome, detail = self._one_run()
            if outcome in (RunEnd.DONE, RunEnd.STOPPED):
                self.failure = None
                return
            if not self._settled.is_set():
                self.failure = detail
                return
            failures = self._restarts.failures(failures, monotonic() - began)
            pause = self._restarts.backoff.pause(failures)
            self._tell(outcome.value, detail)
            self._tell("restarting", f"in {pause:g} s")
            self._stopping.wait(pause)

    def _one_run(self) -> tuple[RunEnd, str]:
        """Start the service and watch it until it ends, however; no process of it is left."""
        self._tell("starting")
        try:
            child = self._child = Child(self.service, self.log, self._guard)
        except OSError as error:
            return RunEnd.DIED, f"cannot be started: {error}"
        try:
            ended = self._until_ready(child) or self._while_alive(child)
            if ended[0] is RunEnd.STOPPED:
                self._tell("stopping")
        finally:
            child.end(self._hurry)
            self._child = None
        if ended[0] is RunEnd.STOPPED:
            self._tell("stopped")
        return ended

    def _until_ready(self, child: Child) -> tuple[RunEnd, str] | None:
        """None once it is ready, else how it ended before."""
        service = self.service
        deadline = monotonic() + service.ready_seconds
        while True:
            ended = self._ended(child)
            if ended is not None:
                return ended
            if not service.once and (service.ready is None or service.ready()):
                self._tell("ready", f"process {child.pid}")
                self.failure = None
                self._settled.set()
                return None
            if monotonic() > deadline:
                return RunEnd.HUNG, f"was not ready within {service.ready_seconds:g} s"
            self._stopping.wait(_POLL_SECONDS)

    def _while_alive(self, child: Child) -> tuple[RunEnd, str]:
        """Watch a running service until it ends, hangs, or is to be stopped."""
        service = self.service
        misses = 0
        asked = monotonic()
        while True:
            ended = self._ended(child)
            if ended is not None:
                return ended
            if service.alive is not None and monotonic() - asked >= service.alive_every:
                misses = 0 if service.alive() else misses + 1
                asked = monotonic()
                if misses >= service.alive_misses:
                    return RunEnd.HUNG, f"did not answer {misses} times in a row"
            self._stopping.wait(_POLL_SECONDS)

    def _ended(self, child: Child) -> tuple[RunEnd, str] | None:
        code = child.exit_code()
        if code is not None:
            if self.service.once and code == 0:
                self._tell("done")
                return RunEnd.DONE, ""
            return RunEnd.DIED, f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return (RunEnd.STOPPED, "") if self._stopping.is_set() else None

    def _tell(self, status: str, detail: str = "") -> None:
        self._report(Report(self.service.name, status, detail))
