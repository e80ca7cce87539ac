"""A worker keeps a dead message in the database, and goes on if it cannot."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from workflow.broker import dead_messages
from workflow.broker.dead_messages import DeadMessage
from workflow.clock import clock_from
from workflow.engine.transient_errors import described
from workflow.errors import MakegoodError
from workflow.settings import read_settings
from workflow.store import open_store

log = structlog.get_logger(__name__)


def bury(queue: str, reason: str, body: object) -> None:
    """Keep what was taken from this queue. Never raises: without a database the log alone tells of it.

    The connection is closed again: processes of the pool are forked from this one, and must not inherit it.
    """
    message = DeadMessage(queue, reason, _bytes(body))
    try:
        settings = read_settings()
        store = open_store(settings.database)
        try:
            dead_messages.record(store, message, clock_from(settings.clock).now())
        finally:
            store.close()
    except (MakegoodError, SQLAlchemyError, OSError) as error:
        log.critical(
            "a dead message is lost, the database did not take it",
            queue=queue, reason=reason, size=len(message.body), digest=message.digest, error=described(error),
        )  # fmt: skip


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    return str(body).encode("utf-8", "surrogatepass")
