"""What an error that ends a request means to its sender."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from workflow.api.http.problems import Kind, Refusal
from workflow.engine.transient_errors import code_of
from workflow.errors import (
    AdvanceUnderWay,
    EventConflict,
    InvalidEvent,
    InvalidQuery,
    NoSandbox,
    NotFound,
    NotPermitted,
    NotRetryable,
    NotUnderstood,
)
from workflow.store.refused_writes import why_not_written

log = structlog.get_logger(__name__)

KNOWN = (
    *(NotFound, NotRetryable, NoSandbox, AdvanceUnderWay, InvalidEvent, InvalidQuery, NotUnderstood),
    *(OperationalError, InterfaceError, PoolTimeout),
)
"""The errors that are no fault of ours; any other is, and has a log entry with its trace."""


def refusal_of(error: Exception) -> Refusal:
    """The refusal that says it; what is our own or the database's fault is logged."""
    match error:
        case Refusal():
            return error
        case NotFound():
            return Refusal.of(Kind.NOT_FOUND, "path", "not-found", str(error))
        case NotRetryable():
            return Refusal.of(Kind.CONFLICT, "path", "state", str(error))
        case NoSandbox():
            return Refusal.of(Kind.CONFLICT, "clock", "sandbox", str(error))
        case AdvanceUnderWay():
            return Refusal.of(Kind.CONFLICT, "clock", "under-way", str(error))
        case NotPermitted():
            return Refusal(Kind.FORBIDDEN, error.problems)
        case EventConflict():
            return Refusal(Kind.OTHER_EVENT, error.problems)
        case InvalidEvent() | InvalidQuery():
            return Refusal(Kind.INVALID, error.problems)
        case NotUnderstood():
            log.error("a definition is not understood here", lifecycle=error.lifecycle, version=error.version,
                      error=str(error))  # fmt: skip
            which = f"version {error.version} of the lifecycle {error.lifecycle!r}"
            message = f"{which} is not understood by this process; one that registered it understands it"
            return Refusal.of(Kind.UNAVAILABLE, "definition", "not-understood", message, Retry_After="2")
        case OperationalError() | InterfaceError() | PoolTimeout():
            # The message itself may quote what was to be stored.
            cause = type(getattr(error, "orig", error)).__name__
            code = code_of(error)
            why = why_not_written(code) or "it does not answer"
            log.error("database failed", error=type(error).__name__, cause=cause, code=code, reason=why)
            message = f"{why}; try again, the same id makes it safe"
            return Refusal.of(Kind.UNAVAILABLE, "database", "available", message, Retry_After="2")
        case _:
            log.error("request failed", exc_info=error)
            return Refusal.of(Kind.INTERNAL, "request", "internal", "it was logged")
