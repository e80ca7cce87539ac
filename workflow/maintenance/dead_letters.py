"""Retry what was given up, because a person has mended the cause; discard what is of no use.

Nothing is decided here: the row becomes due again, and the engine or the relay takes it as any other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Select, Update, func, literal_column, select, type_coerce, update

from state_machines.subject import INITIAL
from workflow.errors import NotFound, NotRetryable
from workflow.store import schema
from workflow.store.effect_states import GIVEN_UP, EffectState
from workflow.store.port import Store

_INBOX, _TIMER, _EFFECT = schema.inbox.c, schema.timers.c, schema.outbox.c
_MESSAGE = schema.dead_messages.c
_NO_DEAD_LETTER = "it is not a dead letter"


def retry_event(store: Store, event_row: int) -> None:
    """Have an event decided again; a subject that it is to open by the newest definition there is.

    Raises NotFound when the ledger has no event with this row id, NotRetryable when it is not dead.
    """
    dead = (_INBOX.event_id == event_row, _INBOX.dead_at.is_not(None))
    again = update(schema.inbox).where(*dead).values(dead_at=None, error=None, hops=None)
    known = select(schema.events.c.id).where(schema.events.c.id == event_row)
    _change(store, f"event {event_row}", again, known, _NO_DEAD_LETTER, _begin_with_the_newest(event_row))


def retry_timer(store: Store, subject: str, name: str, now: datetime) -> None:
    """Have a timer fire again, now.

    Raises NotFound when the subject has no such timer, NotRetryable when it is not dead.
    """
    owner = select(schema.subjects.c.id).where(schema.subjects.c.key == subject).scalar_subquery()
    of_subject = (_TIMER.subject_id == owner, _TIMER.name == name)
    dead = (*of_subject, _TIMER.dead_at.is_not(None))
    again = update(schema.timers).where(*dead).values(dead_at=None, error=None, hops=None, due_at=now)
    known = select(_TIMER.name).where(*of_subject)
    _change(store, f"timer {name!r} of {subject!r}", again, known, _NO_DEAD_LETTER)


def retry_effect(store: Store, effect_id: int, now: datetime) -> None:
    """Have an effect carried out again, with all its attempts, under the idempotency key it had.

    Of a message of several notices all are tried again.

    Raises NotFound when there is none with this id, NotRetryable when it is neither dead nor unknown.
    """
    _change_effect(
        store, effect_id, {"state": EffectState.PENDING, "due_at": now, "attempts": 0, "token": None}
    )


def settle_effect(store: Store, effect_id: int, note: str, by: str, now: datetime) -> None:
    """Write down that an effect did happen, as a person found out; it is not carried out again.

    Of a message of several notices all did.

    Args:
        note: how the person knows. by: who says so, as the ledger names them.

    Raises NotFound when there is none with this id, NotRetryable when it is neither dead nor unknown.
    """
    receipt = {"note": note, "by": by}
    _change_effect(
        store,
        effect_id,
        {"state": EffectState.SETTLED, "due_at": None, "settled_at": now, "receipt": receipt},
    )


def discard_message(store: Store, message_row: int, reason: str, by: str, now: datetime) -> None:
    """Delete the body of a dead message and write down why; it is listed no more.

    Args:
        by: who says so, as the ledger names them.

    Raises NotFound when there is none with this id, NotRetryable when it is discarded already.
    """
    kept = (_MESSAGE.id == message_row, _MESSAGE.discarded_at.is_(None))
    values = {"discarded_at": now, "discarded_by": by, "note": reason, "body": b""}
    change = update(schema.dead_messages).where(*kept).values(values)
    known = select(_MESSAGE.id).where(_MESSAGE.id == message_row)
    _change(store, f"message {message_row}", change, known, "it is discarded already")


def _change_effect(store: Store, effect_id: int, values: dict[str, Any]) -> None:
    """What went as one message happened, or did not, as one."""
    given_up = (_EFFECT.id.in_(_of_one_message(store, effect_id)), _EFFECT.state.in_(GIVEN_UP))
    change = update(schema.outbox).where(*given_up).values(values)
    known = select(_EFFECT.state).where(_EFFECT.id == effect_id)
    _change(store, f"effect {effect_id}", change, known, "it is {}, neither dead nor unknown")


def _of_one_message(store: Store, effect_id: int) -> list[int]:
    """Ids of the effects that were last sent in one message with this one, itself among them."""
    gathered = type_coerce(_EFFECT.receipt, JSON)["gathered"].as_string()
    message = func.coalesce(gathered, _EFFECT.key)
    with store.connect() as connection:
        asked = select(message, _EFFECT.token).where(_EFFECT.id == effect_id, _EFFECT.state.in_(GIVEN_UP))
        sent = connection.execute(asked).first()
        if sent is None or sent.token is None:
            return [effect_id]
        key, token = sent
        together = (_EFFECT.key == key) | (gathered == key)
        found = select(_EFFECT.id).where(literal_column("outbox.state in ('dead', 'unknown')"), together)
        return [effect_id, *connection.execute(found.where(_EFFECT.token == token)).scalars()]


def _begin_with_the_newest(event_row: int) -> Update:
    """Has the subject of an event start with the newest version; one that was opened keeps its own.

    If the definition was at fault, it is mended in a new version.
    """
    subject, definition = schema.subjects.c, schema.definitions.c
    newest = select(func.max(definition.version)).where(definition.lifecycle == subject.lifecycle)
    dead = (_INBOX.event_id == event_row, _INBOX.dead_at.is_not(None))
    of_event = select(_INBOX.subject_id).where(*dead).scalar_subquery()
    return (
        update(schema.subjects)
        .where(subject.id == of_event, subject.state == INITIAL)
        .values(version=newest.scalar_subquery())
    )


def _change(
    store: Store,
    what: str,
    change: Update,
    known: Select[Any],
    why_not: str,
    before: Update | None = None,
) -> None:
    """Change one row that was given up.

    Args:
        change: of no other row than that.
        known: finds it however it stands; `why_not` says of what it gives why there is nothing to change.
        before: of its subject, whose lock comes before that of the row.
    """
    with store.begin() as transaction:
        connection = transaction.connection
        if before is not None:
            connection.execute(before)
        if connection.execute(change).rowcount > 0:
            return
        found = connection.scalar(known)
    if found is None:
        raise NotFound(f"{what}: there is none")
    raise NotRetryable(f"{what}: {why_not.format(found)}")
