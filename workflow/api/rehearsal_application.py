"""The application for test keys: by how a key begins it is decided which of two applications answers.

The keys of each are in its own store alone. So a test key opens nothing that is real, and a real one nothing
of the rehearsal, whatever is written before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from workflow.access.keys import TEST_PREFIX
from workflow.engine.transient_errors import described
from workflow.rehearsal.rehearsal import Opened, Rehearsal

_BEGINS = f"bearer {TEST_PREFIX}_".encode()

log = structlog.get_logger(__name__)


def presents_test_key(scope: Scope) -> bool:
    """Whether a request names a key that begins as test keys do."""
    if scope["type"] != "http":
        return False
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bool(value[: len(_BEGINS)].lower() == _BEGINS)
    return False


class RehearsalApplication:
    """The application of the rehearsal, made with the first request for it."""

    def __init__(self, rehearsal: Rehearsal, make: Callable[[Opened], Starlette]) -> None:
        self._rehearsal = rehearsal
        self._make = make
        self._lock = threading.Lock()
        self._application: Starlette | None = None

    async def application(self) -> Starlette | None:
        """It; None where nobody has made a test key. Raises StoreError."""
        return self._application or await run_in_threadpool(self._opened)

    def begin(self) -> None:
        """What is due in a rehearsal that is there happens from now on, whether or not somebody asks."""
        threading.Thread(target=self._begun, name="makegood-rehearsal-opening", daemon=True).start()

    def close(self) -> None:
        """End the application; the rehearsal is ended by whoever has it."""
        with self._lock:
            if self._application is not None:
                self._application.state.context.leave()
                self._application.state.context.close()

    def _opened(self) -> Starlette | None:
        with self._lock:
            if self._application is None:
                opened = self._rehearsal.there()
                self._application = None if opened is None else self._make(opened)
            return self._application

    def _begun(self) -> None:
        try:
            self._rehearsal.there()
        except Exception as error:  # the first request with a test key says it again, to whoever sent it
            log.warning("the rehearsal is not there", error=described(error))
