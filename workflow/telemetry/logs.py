"""Logs: one JSON object a line on standard error, for every process alike.

Log lines hold keys, ids, states and counts, never a customer's name or the words of a notice.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from workflow.telemetry.request_id import current_request_id


def configure(level: str = "INFO") -> None:
    """Send structlog and the standard library's logging to standard error as JSON lines.

    Args:
        level: the least severe level that is written, such as ``INFO``.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        with_request,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # A line for each request, step of a state machine or look at the schema is noise; steps show data, too.
    for name in ("httpx", "httpcore", "transitions", "alembic.runtime"):
        logging.getLogger(name).setLevel(logging.WARNING)


def with_request(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """A line that is written while a request is served says which."""
    request_id = current_request_id()
    if request_id is not None:
        line.setdefault("request_id", request_id)
    return line
