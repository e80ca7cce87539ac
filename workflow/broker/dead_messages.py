"""Dead messages: what came over the broker and could not be read, or was not to be believed.

Each is taken off its queue and kept here, so that it harms no worker twice and a person can look at it. What
stands in it may be personal, and may be anything: no log and no listing shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import structlog
from sqlalchemy import Select, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from workflow.store import schema
from workflow.store.port import Store

UNREADABLE = "unreadable"
"""It is no message of Celery's: no JSON, another content type, a body of another form."""
UNKNOWN_TASK = "unknown-task"
"""It names a task that no worker of ours has."""
INVALID = "invalid-arguments"
"""Its task takes other arguments."""
UNSIGNED = "unsigned-receipt"
"""A receipt without a signature, as all were before they were signed."""
FORGED = "forged-receipt"
"""A receipt whose signature is none of ours."""
REASONS = (UNREADABLE, UNKNOWN_TASK, INVALID, UNSIGNED, FORGED)

MOST_KEPT = 10_000
"""So many are kept; of more only their number: whoever fills the queues shall not fill the database."""
BODY_BYTES = 64 * 1024
_QUEUE_LENGTH = 255

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """One message: its queue, the word for what is wrong with it, and its whole body."""

    queue: str
    reason: str
    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the body, as hexadecimal digits."""
        return sha256(self.body).hexdigest()

    def tell(self) -> None:
        """Write it to the log, without anything that stands in it."""
        log.error(
            "a message is dead",
            queue=self.queue[:_QUEUE_LENGTH],
            reason=self.reason,
            size=len(self.body),
            digest=self.digest,
        )


def record(store: Store, message: DeadMessage, now: datetime) -> None:
    """Keep a dead message, count it and say so in the log. Raises what the database does."""
    message.tell()
    counts = schema.dead_message_counts
    insert_or_add = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
    first = insert_or_add(counts).values(reason=message.reason, count=1)
    add = first.on_conflict_do_update(index_elements=["reason"], set_={"count": counts.c.count + 1})
    with store.begin() as transaction:
        connection = transaction.connection
        connection.execute(add)
        if connection.execute(kept()).scalar_one() >= MOST_KEPT:
            return
        row = {
            "queue": message.queue[:_QUEUE_LENGTH].replace("\x00", "�"),
            "received_at": now,
            "reason": message.reason,
            "size": len(message.body),
            "digest": message.digest,
            "body": message.body[:BODY_BYTES],
        }
        connection.execute(insert(schema.dead_messages), row)


def kept() -> Select[int]:
    """A query for how many are kept now and not discarded."""
    return select(func.count()).where(schema.dead_messages.c.discarded_at.is_(None))


def counts_by_reason(store: Store) -> Mapping[str, int]:
    """How many there have been for each reason, those that were discarded included."""
    counts = schema.dead_message_counts.c
    with store.connect() as connection:
        found = {reason: count for reason, count in connection.execute(select(counts.reason, counts.count))}
    return dict.fromkeys(REASONS, 0) | found
