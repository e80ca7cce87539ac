"""The supervisor: starts services in order, keeps them, ends them in reverse order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from workflow.errors import ServiceFailed
from workflow.supervisor.child import last_lines
from workflow.supervisor.guard import Guard
from workflow.supervisor.keeper import Keeper
from workflow.supervisor.service import Report, Restarts, Service

_POLL_SECONDS = 0.1
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _silent(report: Report) -> None:
    """Report nothing."""


def _in_stages(services: Sequence[Service]) -> Iterator[list[Service]]:
    """The services in groups that start together."""
    stage: list[Service] = []
    for service in services:
        if stage and not service.beside:
            yield stage
            stage = []
        stage.append(service)
    if stage:
        yield stage


class Supervisor:
    """Runs `services` on this machine, each logging to `<log_dir>/<name>.log`.

    `run()` is for a program that does nothing else; `start()` and `stop()`, or `with`, for one that does.
    Should this process be killed, what it started has `orphan_seconds` to end before it is killed, too.
    `report` is called with news, from several threads, one call at a time.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        log_dir: Path,
        report: Callable[[Report], None] = _silent,
        restarts: Restarts = Restarts(),  # noqa: B008 - frozen
        orphan_seconds: float = 10.0,
    ) -> None:
        self._services = tuple(services)
        self._log_dir = log_dir
        self._report = report
        self._restarts = restarts
        self._orphan_seconds = orphan_seconds
        self._reporting = threading.Lock()
        self._stages: list[list[Keeper]] = []
        self._guard: Guard | None = None
        self._signals = 0
        self.interrupted = threading.Event()
        """Set by a signal while `listening`: everything is to end."""

    def start(self) -> None:
        """Start all services, each once those before it are ready.

        Raises ServiceFailed, with the end of the service's log, when one does not come up; what had been
        started by then is ended again.
        """
        self._log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._guard = Guard(self._orphan_seconds)
        try:
            for stage in _in_stages(self._services):
                if self.interrupted.is_set():
                    break
                self._start_stage(stage, self._guard)
        except BaseException:
            self.stop()
            raise

    def stop(self, *, hurry: bool = False) -> None:
        """End all services, the last started first; `hurry`: at once. Harmless when nothing runs."""
        for stage in reversed(self._stages):
            for keeper in stage:
                keeper.stop(hurry=hurry)
            while any(keeper.is_alive() for keeper in stage):
                # Short joins, so that the main thread hears of a second ctrl-C in between.
                for keeper in stage:
                    keeper.join(_POLL_SECONDS)
                    keeper.stop(hurry=self._signals > 1)
        self._stages.clear()
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def run(self, *, started: Callable[[], None] = lambda: None) -> None:
        """Start everything, call `started`, wait until ctrl-C, SIGTERM or SIGHUP, and end everything.

        A second signal ends it without waiting. Only from the main thread. Raises ServiceFailed as `start`.
        """
        with self.listening():
            try:
                self.start()
                if not self.interrupted.is_set():
                    started()
                self.interrupted.wait()
            finally:
                self.stop()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While this lasts, ctrl-C, SIGTERM and SIGHUP set `interrupted`; a second one hurries `stop`.

        For a program that starts, works and stops by itself. Only from the main thread.
        """
        before = {number: signal.signal(number, self._on_signal) for number in _STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def pids(self) -> dict[str, int]:
        """Process ids of what runs now, by service name."""
        keepers = (keeper for stage in self._stages for keeper in stage)
        return {keeper.service.name: keeper.pid for keeper in keepers if keeper.pid is not None}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start_stage(self, services: Sequence[Service], guard: Guard) -> None:
        """Start services side by side and wait for all of them."""
        keepers = [
            Keeper(service, self._log_dir / f"{service.name}.log", guard, self._tell, self._restarts)
            for service in services
        ]
        self._stages.append(keepers)
        for keeper in keepers:
            keeper.start()
        for keeper in keepers:
            while not keeper.wait_started(_POLL_SECONDS):
                if self.interrupted.is_set():
                    keeper.stop()
            if keeper.failure is not None:
                said = f"the end of {keeper.log}:\n{last_lines(keeper.log)}"
                raise ServiceFailed(f"{keeper.service.name}: {keeper.failure}; {said}")

    def _tell(self, report: Report) -> None:
        with self._reporting:
            self._report(report)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self.interrupted.set()
