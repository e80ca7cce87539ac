"""Several threads on one store, as several processes would be: they start together and all end in time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

SECONDS = 60.0


class Crowd:
    """Threads that do the same thing again and again until they are told that it is over."""

    def __init__(self) -> None:
        self.faults: list[BaseException] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def again_and_again(self, step: Callable[[], object]) -> None:
        """Start a thread that goes on until `finish`."""

        def run() -> None:
            while not self._over.is_set():
                step()

        self._start(run)

    def once(self, work: Callable[[], object]) -> threading.Thread:
        """Start a thread that ends by itself."""
        return self._start(work)

    def finish(self) -> None:
        """End all of them; whatever went wrong in any is raised here."""
        self._over.set()
        for thread in self._threads:
            thread.join(SECONDS)
        stuck = [thread.name for thread in self._threads if thread.is_alive()]
        assert not stuck, f"still running, so they wait for each other: {stuck}"
        deadlocks = [fault for fault in self.faults if isinstance(fault, OperationalError)]
        assert not deadlocks, deadlocks
        if self.faults:
            raise self.faults[0]

    def _start(self, work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as fault:
                self.faults.append(fault)
                self._over.set()

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread
