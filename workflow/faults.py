"""Whose fault an error is: that of the work in hand, or of the world around it.

Work that fails by itself is put aside as a dead letter, so that the rest goes on. Work that fails because
the database is away or the time is up must stay where it is: another try will do.
"""

from __future__ import annotations

from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_TOO_LARGE = "54"
"""SQLSTATE class 54, program limit exceeded: an index entry or a document that PostgreSQL cannot keep."""


def is_passing(error: BaseException) -> bool:
    """Whether the same work may well succeed when it is tried again."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return not isinstance(error, DataError | IntegrityError) and not state.startswith(_TOO_LARGE)
    return isinstance(error, PoolTimeout | MemoryError | SoftTimeLimitExceeded)


def told(error: BaseException) -> str:
    """What to write down about an error: of one from the database its first line, since more of it may
    quote whole rows."""
    if isinstance(error, DBAPIError):
        lines = str(error.orig).splitlines()
        return f"{type(error.orig).__name__}: {lines[0] if lines else ''}"
    return f"{type(error).__name__}: {error}"
