"""An operator drops what is not decided, or what was given up: on the record, with a reason.

Nothing is taken out of the ledger: the event stays in it as it was sent, and a row of `discards` says who
dropped it, when, and why. It moves no subject, so a subject rebuilt from the ledger is what it was.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select

from workflow.errors import NotFound, NotRetryable
from workflow.store import schema
from workflow.store.event_outcomes import event_outcomes
from workflow.store.port import DISCARDED, EventOutcome, Store, Transaction

_EVENT, _INBOX, _TIMER, _SUBJECT = schema.events.c, schema.inbox.c, schema.timers.c, schema.subjects.c


def discard_event(store: Store, event_row: int, reason: str, by: str, now: datetime) -> EventOutcome:
    """Drop an event that waits for its decision or is a dead letter; it is never decided.

    A decision of the same moment is waited for: the event is either dropped or decided.

    Args:
        event_row: the event's place in the ledger.
        reason: why, for the record. by: who drops it.

    Raises:
        NotFound: the ledger has no such event.
        NotRetryable: it is decided, or was dropped before; the message says which.
    """
    event = select(_EVENT.subject_id).where(_EVENT.id == event_row)
    with store.begin() as transaction:
        connection = transaction.connection
        subject_row = connection.scalar(event)
        if subject_row is None:
            raise NotFound(f"event {event_row}: there is none")
        _lock(transaction, subject_row)
        of_event = delete(schema.inbox).where(_INBOX.event_id == event_row)
        dropped = connection.execute(of_event.returning(_INBOX.error)).one_or_none()
        if dropped is not None:
            said = {"subject_id": subject_row, "event_id": event_row, "error": dropped.error}
            _note(transaction, said, reason, by, now)
        found = EventOutcome(*connection.execute(event_outcomes().where(_EVENT.id == event_row)).one())
    if dropped is None:
        done = "was discarded before" if found.outcome == DISCARDED else f"is decided: {found.outcome}"
        raise NotRetryable(f"event {event_row}: it {done}")
    return found


def discard_timer(store: Store, subject: str, name: str, reason: str, by: str, now: datetime) -> None:
    """Drop a timer that is a dead letter; the subject has it no more, and may set it anew.

    Raises NotFound when the subject has no such timer, NotRetryable when it is not dead.
    """
    what = f"timer {name!r} of {subject!r}"
    with store.begin() as transaction:
        connection = transaction.connection
        subject_row = connection.scalar(select(_SUBJECT.id).where(_SUBJECT.key == subject))
        if subject_row is None:
            raise NotFound(f"{what}: there is none")
        _lock(transaction, subject_row)
        of_subject = (_TIMER.subject_id == subject_row, _TIMER.name == name)
        timer = connection.execute(select(schema.timers).where(*of_subject)).one_or_none()
        if timer is None:
            raise NotFound(f"{what}: there is none")
        if timer.dead_at is None:
            raise NotRetryable(f"{what}: it is not a dead letter")
        connection.execute(delete(schema.timers).where(*of_subject))
        said = {"subject_id": subject_row, "timer": name, "setting": timer.setting, "error": timer.error}
        _note(transaction, said, reason, by, now)


def _lock(transaction: Transaction, subject_row: int) -> None:
    """Whatever belongs to a subject changes only under its lock."""
    of_subject = select(_SUBJECT.id).where(_SUBJECT.id == subject_row)
    transaction.connection.execute(of_subject.with_for_update())


def _note(transaction: Transaction, said: dict[str, object], reason: str, by: str, now: datetime) -> None:
    values = {**said, "reason": reason, "discarded_by": by, "at": now}
    transaction.connection.execute(insert(schema.discards).values(values))
