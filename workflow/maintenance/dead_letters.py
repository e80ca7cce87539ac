"""Give what was given up another attempt, because a person has mended the cause.

Nothing is decided here: the row becomes due again, and the engine or the relay takes it as any other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from workflow.errors import NotFound, NotRetryable
from workflow.store import schema
from workflow.store.port import Store

RETRYABLE = ("dead", "unknown")
"""The states of an effect that only a person can end."""

_INBOX, _TIMER, _EFFECT = schema.inbox.c, schema.timers.c, schema.outbox.c


def revive_event(store: Store, event_row: int) -> None:
    """Have an event decided again.

    Raises NotFound when the ledger has no event with this row id, NotRetryable when it is not dead.
    """
    with store.begin() as transaction:
        connection = transaction.connection
        revived = _changed(
            connection,
            update(schema.inbox)
            .where(_INBOX.event_id == event_row, _INBOX.dead_at.is_not(None))
            .values(dead_at=None, error=None),
        )
        if not revived:
            known = connection.scalar(select(schema.events.c.id).where(schema.events.c.id == event_row))
            raise _why_not(f"event {event_row}", None if known is None else "it is not a dead letter")


def revive_timer(store: Store, subject: str, name: str, now: datetime) -> None:
    """Have a timer fire again, now.

    Raises NotFound when the subject has no such timer, NotRetryable when it is not dead.
    """
    owner = select(schema.subjects.c.id).where(schema.subjects.c.key == subject).scalar_subquery()
    of_subject = (_TIMER.subject_id == owner, _TIMER.name == name)
    with store.begin() as transaction:
        connection = transaction.connection
        revived = _changed(
            connection,
            update(schema.timers)
            .where(*of_subject, _TIMER.dead_at.is_not(None))
            .values(dead_at=None, error=None, due_at=now),
        )
        if not revived:
            known = connection.scalar(select(_TIMER.name).where(*of_subject))
            raise _why_not(
                f"timer {name!r} of {subject!r}", None if known is None else "it is not a dead letter"
            )


def revive_effect(store: Store, effect_id: int, now: datetime) -> None:
    """Have an effect carried out again, with all its attempts, under the idempotency key it had.

    Raises NotFound when there is none with this id, NotRetryable when it is neither dead nor unknown.
    """
    with store.begin() as transaction:
        connection = transaction.connection
        revived = _changed(
            connection,
            update(schema.outbox)
            .where(_EFFECT.id == effect_id, _EFFECT.state.in_(RETRYABLE))
            .values(state="pending", due_at=now, attempts=0, token=None),
        )
        if not revived:
            _refuse_effect(connection, effect_id)


def settle_effect(store: Store, effect_id: int, note: str, by: str, now: datetime) -> None:
    """Write down that an effect did happen, as a person found out; it is not carried out again.

    Args:
        note: how the person knows. by: the id of the key with which it was said.

    Raises NotFound when there is none with this id, NotRetryable when it is neither dead nor unknown.
    """
    with store.begin() as transaction:
        connection = transaction.connection
        settled = _changed(
            connection,
            update(schema.outbox)
            .where(_EFFECT.id == effect_id, _EFFECT.state.in_(RETRYABLE))
            .values(state="settled", due_at=None, settled_at=now, receipt={"note": note, "by": by}),
        )
        if not settled:
            _refuse_effect(connection, effect_id)


def _changed(connection: Connection, statement: Any) -> bool:
    return connection.execute(statement).rowcount > 0


def _refuse_effect(connection: Connection, effect_id: int) -> None:
    state = connection.scalar(select(_EFFECT.state).where(_EFFECT.id == effect_id))
    raise _why_not(
        f"effect {effect_id}", None if state is None else f"it is {state}, neither dead nor unknown"
    )


def _why_not(what: str, reason: str | None) -> NotFound | NotRetryable:
    return NotFound(f"{what}: there is none") if reason is None else NotRetryable(f"{what}: {reason}")
