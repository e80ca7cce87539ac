"""What went to a colleague about one topic, and what waits: kept as contacts of a customer are.

A colleague is no subject, so all of it happens under the lock of that line (see `gathering`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, case, delete, func, or_, select

from workflow.recovery.contact.gathering import CASE
from workflow.store.effect_states import RELAYED
from workflow.store.port import EffectRow, Transaction
from workflow.store.schema import contacts, outbox, subjects

MOST_GATHERED = 5000
"""Notices that go out as one message to a colleague at most."""

# Statements are built once: that takes longer than the database.
_LAST_TOLD = (
    select(contacts.c.customer, func.max(contacts.c.at))
    .where(contacts.c.customer.in_(bindparam("lines", expanding=True)), ~contacts.c.waits)
    .group_by(contacts.c.customer)
)


def last_told(transaction: Transaction, lines: Collection[str]) -> dict[str, datetime]:
    """By line, when the last message went to a colleague on it, UTC; none of a line where none matters."""
    if not lines:
        return {}
    return {line: at for line, at in transaction.connection.execute(_LAST_TOLD, {"lines": lines})}


def _matter(subject: FromClause) -> ColumnElement[str]:
    """As `matter_of`, of a row of subjects."""
    of_case = and_(subject.c.parent.startswith(CASE), ~subject.c.key.startswith(CASE))
    return case((of_case, subject.c.parent), else_=subject.c.key)


def _others_on_line() -> Select[Any]:
    own = subjects.alias("own")
    matter = select(_matter(own)).where(own.c.key == bindparam("subject")).scalar_subquery()
    waits = and_(contacts.c.waits, contacts.c.effect_id != bindparam("besides"), outbox.c.state.in_(RELAYED))
    went = and_(~contacts.c.waits, contacts.c.at > bindparam("since"), _matter(subjects) != matter)
    return (
        select(contacts.c.effect_id)
        .join(outbox, outbox.c.id == contacts.c.effect_id)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .where(contacts.c.customer == bindparam("line"), or_(waits, went))
        .limit(1)
    )


_OTHERS_ON_LINE = _others_on_line()


def is_alone(transaction: Transaction, line: str, besides: EffectRow, since: datetime) -> bool:
    """Whether the line has lately been about nothing but what this notice is part of (see `matter_of`).

    What went on it after `since`, UTC, counts, and what waits.
    """
    asked = {"line": line, "besides": besides.id, "since": since, "subject": besides.subject}
    return transaction.connection.execute(_OTHERS_ON_LINE, asked).first() is None


_GATHERED = (
    select(contacts.c.effect_id)
    .join(outbox, outbox.c.id == contacts.c.effect_id)
    .where(contacts.c.customer == bindparam("line"), contacts.c.waits)
    .where(contacts.c.effect_id != bindparam("besides"), outbox.c.state.in_(RELAYED))
    .order_by(contacts.c.effect_id)
    .limit(MOST_GATHERED - 1)
)


def gathered_on(transaction: Transaction, line: str, besides: int) -> list[int]:
    """Ids of the effects that wait on this line for one message, without `besides`, the oldest first."""
    return list(transaction.connection.execute(_GATHERED, {"line": line, "besides": besides}).scalars())


_FORGET_TOLD = delete(contacts).where(
    contacts.c.customer == bindparam("line"), ~contacts.c.waits, contacts.c.at <= bindparam("until")
)


def forget_told(transaction: Transaction, line: str, until: datetime) -> None:
    """What went on this line until then, UTC, matters no more."""
    transaction.connection.execute(_FORGET_TOLD, {"line": line, "until": until})
