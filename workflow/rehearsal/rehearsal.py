"""The rehearsal of one process: opened when it is first needed, and ended with the process."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from workflow.clock import SANDBOX
from workflow.engine.runtime import Runtime
from workflow.errors import NotFound
from workflow.rehearsal.opening import open_rehearsal
from workflow.rehearsal.place import rehearsal_is_there
from workflow.rehearsal.worker import RehearsalWorker


@dataclass(frozen=True, slots=True)
class Opened:
    """A rehearsal that runs."""

    runtime: Runtime
    worker: RehearsalWorker


class Rehearsal:
    """The rehearsal of one installation, for one process. Safe to use from several threads."""

    def __init__(self, real: Runtime) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._closed = False

    @property
    def is_impossible(self) -> bool:
        """Whether this is a sandbox, which has none: nothing of it goes out anyway."""
        return self._real.settings.clock.startswith(SANDBOX)

    def there(self) -> Opened | None:
        """It, if anybody has made a test key in this installation; None: there is none.

        Asks the database as long as there is none.
        """
        if self._opened is not None:
            return self._opened
        if self.is_impossible or not rehearsal_is_there(self._real.settings):
            return None
        return self.open()

    def open(self) -> Opened:
        """It, made where it is not there yet.

        Raises:
            NotFound: this is a sandbox, or the process ends.
            StoreError, DefinitionChanged: as `open_rehearsal`.
        """
        with self._lock:
            if self._closed or self.is_impossible:
                raise NotFound("rehearsal: a sandbox has none; nothing that is sent to it goes out anyway")
            if self._opened is None:
                runtime = open_rehearsal(self._real)
                self._opened = Opened(runtime, RehearsalWorker(runtime))
            return self._opened

    def close(self) -> None:
        """End what was opened."""
        with self._lock:
            self._closed = True
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.worker.close()
            opened.runtime.close()
