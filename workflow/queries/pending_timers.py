"""What is to come for one subject."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from workflow.store import schema
from workflow.store.keys import key_is
from workflow.store.port import Store

_SUBJECT, _TIMER = schema.subjects.c, schema.timers.c


def pending_timer(store: Store, key: str, name: str) -> datetime | None:
    """When this timer of a subject is due, UTC; None where it is not set, or stands still."""
    query = (
        select(_TIMER.due_at)
        .join(schema.subjects, _SUBJECT.id == _TIMER.subject_id)
        .where(key_is(_SUBJECT.key, key), _TIMER.name == name)
    )
    with store.connect() as connection:
        return connection.scalar(query)
