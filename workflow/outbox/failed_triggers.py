"""A given-up effect moves its subject: the trigger that it names under `failed` fires, once for each effect.

Else the subject would wait for ever for a receipt that never comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from workflow.store.effect_states import EffectState
from workflow.store.port import NewEvent, Store, Transaction
from workflow.store.schema import events, outbox, subjects
from workflow.telemetry.trace_context import HEADER

SOURCE = "/makegood/receipts"
"""The source of events that say what became of effects."""


def fire(transaction: Transaction, ids: Sequence[int], now: datetime) -> None:
    """Accept an event for each of these effects that is a dead letter now and names a trigger for that.

    It is one event for ever: an effect that is retried and given up again says nothing new. It is accepted
    with the change that made it a dead letter, or not at all.
    """
    columns = (outbox.c.key, outbox.c.payload, outbox.c.attempts, outbox.c.error)
    of_subject = (subjects.c.key.label("subject"), subjects.c.lifecycle, subjects.c.version)
    query = (
        select(*columns, *of_subject)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .where(outbox.c.id.in_(ids), outbox.c.state == EffectState.DEAD)
        .order_by(outbox.c.id)
    )
    rows: list[Row[Any]] = [*transaction.connection.execute(query)]
    found = [_event(row, now) for row in rows if row.payload.get("failed")]
    if found:
        transaction.accept(found, now)


def fired(store: Store, key: str) -> bool:
    """Whether the trigger of the effect with this idempotency key has fired."""
    query = select(events.c.id).where(events.c.source == SOURCE, events.c.event_id == _identity(key))
    with store.connect() as connection:
        return connection.scalar(query) is not None


def _event(row: Row[Any], now: datetime) -> NewEvent:
    data = {"error": row.error, "attempts": row.attempts, "effect": row.key}
    kind = f"{row.lifecycle}.{row.payload['failed']}"
    return NewEvent(
        SOURCE, _identity(row.key), row.subject, row.lifecycle, row.version, kind, now, data, None,
        traceparent=row.payload.get(HEADER),
    )  # fmt: skip


def _identity(key: str) -> str:
    return f"{key}/dead"
