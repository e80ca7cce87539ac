"""Transient errors: whether the same work may succeed when it is tried again.

Work that can never succeed becomes a dead letter, so that the rest goes on. Work that failed because the
database cannot be reached or the time is up stays where it is and is tried again.
"""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_TRANSIENT: set[type[BaseException]] = {PoolTimeout, MemoryError}
_TOO_LARGE = "54"
"""SQLSTATE class 54, program limit exceeded: an index entry or a document that PostgreSQL cannot keep."""


def count_as_transient(kind: type[BaseException]) -> None:
    """Count errors of this class as transient: for classes that the engine cannot know."""
    _TRANSIENT.add(kind)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed when it is tried again."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return not isinstance(error, DataError | IntegrityError) and not state.startswith(_TOO_LARGE)
    return isinstance(error, tuple(_TRANSIENT))


def is_exhausted(error: BaseException) -> bool:
    """Whether what was being done took all the memory or time there is: that may have been its own fault."""
    return not isinstance(error, PoolTimeout) and isinstance(error, tuple(_TRANSIENT))


def code_of(error: BaseException) -> str | None:
    """What the database calls its error: an SQLSTATE, or SQLite's name such as ``SQLITE_FULL``; else None.

    It says to an operator what is the matter, and never what a row holds.
    """
    cause = getattr(error, "orig", None)
    found = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return found if isinstance(found, str) else None


def described(error: BaseException) -> str:
    """The class and message of an error; of a database error the first line, since others may quote rows."""
    if isinstance(error, DBAPIError):
        lines = str(error.orig).splitlines()
        return f"{type(error.orig).__name__}: {lines[0] if lines else ''}"
    return f"{type(error).__name__}: {error}"
