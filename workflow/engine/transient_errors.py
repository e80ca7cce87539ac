"""Whose fault an error is: that of the work in hand, or of the world around it.

Work that fails by itself is put aside as a dead letter, so that the rest goes on. Work that fails because
the database is away or the time is up must stay where it is: another try will do.
"""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_TRANSIENT: set[type[BaseException]] = {PoolTimeout, MemoryError}
_TOO_LARGE = "54"
"""SQLSTATE class 54, program limit exceeded: an index entry or a document that PostgreSQL cannot keep."""


def count_as_transient(kind: type[BaseException]) -> None:
    """Let errors of a kind that the engine cannot know count as transient, such as a task's time limit."""
    _TRANSIENT.add(kind)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may well succeed when it is tried again."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return not isinstance(error, DataError | IntegrityError) and not state.startswith(_TOO_LARGE)
    return isinstance(error, tuple(_TRANSIENT))


def described(error: BaseException) -> str:
    """What to write down about an error: of one from the database its first line, since more of it may
    quote whole rows."""
    if isinstance(error, DBAPIError):
        lines = str(error.orig).splitlines()
        return f"{type(error.orig).__name__}: {lines[0] if lines else ''}"
    return f"{type(error).__name__}: {error}"
