"""Wait for a database that is not there yet: whoever starts services does not always start it first.

What a process cannot mend by itself (a schema that is missing, a password that is wrong) ends it. A
database that is being started, or is handed over to another machine, is none of these: it comes back, and a
process that ended would only be started again to ask again.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from state_machines.values.backoff import Backoff
from workflow.errors import StoreError
from workflow.store.opening import open_store
from workflow.store.port import Store
from workflow.store.refused_writes import why_not_written
from workflow.store.writability import why_no_writes

PAUSES = Backoff(first=0.5, longest=5.0)
"""Between two looks at a database that is not there, in real seconds."""
_REFUSALS = (
    "password authentication failed",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
    "no password supplied",
)
"""What a server says that lets nobody in under this name and password, or from here: it is no outage. Of a
connection that did not come about the driver has no SQLSTATE (28P01, 28000) but these words; a server of
another language is waited for, and the log says for what.
"""
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger(__name__)


def why_not_there(url: str) -> str | None:
    """Why nothing can be written to the database behind `url` for now; None: it can, or waiting is of no use.

    A file of SQLite is there or is not, and nothing that goes by itself changes that; a full disk gets room.

    Raises:
        StoreError: it is not the URL of a store, or the database refuses who asks.
    """
    store = open_store(url)
    try:
        return _why_not(store)
    finally:
        store.close()


def wait_until_there(url: str) -> None:
    """Return once the database can be written to; meanwhile the log says what keeps it.

    Only in a process's main thread: SIGTERM and SIGINT end it.

    Raises:
        StoreError: it is not the URL of a store, or the database refuses who asks.
        SystemExit: with code 0, by a signal.
    """
    looks = 0
    with _ended_by_signals():
        while (why := why_not_there(url)) is not None:
            looks += 1
            Event().wait(tell_of_waiting(why, looks))


def tell_of_waiting(why: str, looks: int) -> float:
    """Log why a database is waited for, after so many looks; how many real seconds until the next."""
    pause = PAUSES.pause(looks)
    log.warning("waiting for the database", reason=why, again_in_seconds=pause)
    return pause


def _why_not(store: Store) -> str | None:
    try:
        return why_no_writes(store)
    except (OperationalError, InterfaceError) as error:
        if store.dialect == "sqlite":
            return why_not_written(getattr(error.orig, "sqlite_errorname", None))
        lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        if any(words in lines[0] for words in _REFUSALS):
            raise StoreError(f"MAKEGOOD_DATABASE_URL: {lines[0]}") from error
        return lines[0]


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A signal ends the process in good order meanwhile: as process 1 of a container it would not else."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = {number: signal.signal(number, end) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
