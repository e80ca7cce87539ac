"""What an effect goes back to: the event from outside, or the timer, that began what led to it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from workflow.queries.senders import possible_senders
from workflow.store import schema
from workflow.store.own_sources import SUBJECT_SOURCE

_SUBJECT, _MOVE, _EVENT = schema.subjects.c, schema.moves.c, schema.events.c
_FURTHEST = 1_000
"""Subjects that may have sent each other events in between; a longer chain is cut off when it happens."""


class Cause(NamedTuple):
    """An event, by its row, or a timer: when it was due (UTC), and whose it was."""

    event: int | None
    due_at: datetime | None
    subject: str


class Causes:
    """Goes back through the ledger of one store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, effect: str) -> Cause | None:
        """The cause of an effect, by its idempotency key; None where the ledger does not tell it."""
        key, seq = _decision(effect)
        for _ in range(_FURTHEST):
            columns = (_MOVE.event_id, _MOVE.due_at, _EVENT.source, _EVENT.event_id.label("identity"))
            row = self._connection.execute(
                select(*columns)
                .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
                .outerjoin(schema.events, _EVENT.id == _MOVE.event_id)
                .where(_SUBJECT.key == key, _MOVE.seq == seq)
            ).first()
            if row is None:
                return None
            if row.source != SUBJECT_SOURCE:
                return Cause(row.event_id, row.due_at, key)
            found = self._sent_by(row.identity)
            if found is None:
                return None
            key, seq = found
        return None

    def _sent_by(self, identity: str) -> tuple[str, int] | None:
        """The decision that sent an event of this id."""
        for sender in possible_senders(identity):
            known = select(_SUBJECT.id).where(_SUBJECT.key == sender)
            if self._connection.scalar(known) is not None:
                return sender, int(identity[len(sender) + 1 :].partition("/")[0])
        return None


def _decision(effect: str) -> tuple[str, int]:
    """Of ``<subject>/<seq>/<n>``, the subject's key and the number of the decision."""
    key, seq, _ = effect.rsplit("/", 2)
    return key, int(seq)
