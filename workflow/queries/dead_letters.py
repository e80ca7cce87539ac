"""Dead letters: events and timers whose decision failed, messages that could not be read.

They stay until an operator has mended the cause and asks for another attempt, or discards them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from workflow.queries.senders import senders
from workflow.store import schema
from workflow.store.own_sources import SUBJECT_SOURCE
from workflow.store.port import Store

_EVENT, _INBOX, _TIMER, _SUBJECT = schema.events.c, schema.inbox.c, schema.timers.c, schema.subjects.c
_MESSAGE = schema.dead_messages.c


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An accepted event whose decision failed. `id` is its place in the ledger.

    `sender` is the subject that sent it, where one of ours did. The error of an opening that the new subject
    refused begins with ``refused-opening``.
    """

    id: int
    subject: str
    source: str
    event_id: str
    type: str
    received_at: datetime
    dead_at: datetime
    error: str | None
    sender: str | None


@dataclass(frozen=True, slots=True)
class DeadTimer:
    """A timer that came due and whose decision failed."""

    subject: str
    name: str
    setting: int
    set_at: datetime
    dead_at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message that came over the broker and could not be read, or was not believed.

    What stands in it may be anything and is not shown. `size` (bytes) and `digest` (SHA-256) are those of the
    whole body; the table `dead_messages` keeps its beginning.
    """

    id: int
    queue: str
    received_at: datetime
    reason: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The first of each kind, the oldest first. Effects have a resource of their own.

    Attributes:
        more: whether there are more of some kind: they come first once these are retried or discarded.
    """

    events: list[DeadEvent]
    timers: list[DeadTimer]
    messages: list[DeadMessage]
    more: bool


def first_dead_letters(store: Store, limit: int = 100) -> DeadLetters:
    """At most `limit` of each kind."""
    events = (
        select(
            _EVENT.id, _SUBJECT.key, _EVENT.source, _EVENT.event_id, _EVENT.type, _EVENT.received_at,
            _INBOX.dead_at, _INBOX.error,
        )
        .select_from(schema.inbox)
        .join(schema.events, _EVENT.id == _INBOX.event_id)
        .join(schema.subjects, _SUBJECT.id == _INBOX.subject_id)
        .where(_INBOX.dead_at.is_not(None))
        .order_by(_INBOX.event_id)
        .limit(limit + 1)
    )  # fmt: skip
    timers = (
        select(
            _SUBJECT.key,
            _TIMER.name,
            _TIMER.setting,
            _TIMER.set_at,
            _TIMER.dead_at,
            _TIMER.error,
        )
        .select_from(schema.timers)
        .join(schema.subjects, _SUBJECT.id == _TIMER.subject_id)
        .where(_TIMER.dead_at.is_not(None))
        .order_by(_TIMER.dead_at, _SUBJECT.id, _TIMER.name)
        .limit(limit + 1)
    )
    columns = (_MESSAGE.id, _MESSAGE.queue, _MESSAGE.received_at, _MESSAGE.reason, _MESSAGE.size)
    messages = (
        select(*columns, _MESSAGE.digest)
        .where(_MESSAGE.discarded_at.is_(None))
        .order_by(_MESSAGE.id)
        .limit(limit + 1)
    )
    with store.connect() as connection:
        dead = connection.execute(events).all()
        late, unread = connection.execute(timers).all(), connection.execute(messages).all()
        sent = senders(connection, [row.event_id for row in dead if row.source == SUBJECT_SOURCE])
        return DeadLetters(
            [DeadEvent(*[*row, sent.get(row.event_id)]) for row in dead[:limit]],
            [DeadTimer(*tuple(row)) for row in late[:limit]],
            [DeadMessage(*tuple(row)) for row in unread[:limit]],
            more=max(map(len, (dead, late, unread))) > limit,
        )
