"""Whom we have written to and when, and what waits: so that caps hold and a burst is one message.

Everything about one customer happens under the lock of the customer's subject, however many workers send.
Subjects are locked before effects, as everywhere (see `workflow.store.port`). A colleague is no subject: what
goes to one about one topic is kept under the name of that line (see `gathering`), and happens under its lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select

from workflow.recovery.contact.gathering import Told, matter_of
from workflow.store.effect_states import RELAYED
from workflow.store.port import Transaction
from workflow.store.schema import contacts, events, inbox, outbox, subjects

LIFECYCLE = "customer"
MOST_TOGETHER = 100
"""Notices that go out as one message to a customer at most."""
MOST_GATHERED = 1000
"""The same, to a colleague."""
_WISHES = tuple(
    f"{LIFECYCLE}.{trigger}"
    for trigger in ("known", "prefer", "opt_out", "opt_in", "moved_zone", "new_address")
)
"""Events that change how somebody may be reached."""


class Customer(NamedTuple):
    """A customer as known at this moment, whose subject this transaction holds.

    Attributes:
        key: of the oldest subject that they are known by.
        keys: all the keys under which they were written to.
        profile: the customer object; empty where nothing is known.
        undecided: whether they have said something about it that is not decided yet.
    """

    key: str
    keys: tuple[str, ...]
    profile: Mapping[str, Any]
    undecided: bool


def held(transaction: Transaction, key: str) -> Customer | None:
    """The customer with this key, or whom they have turned out to be; None where there is none."""
    rows: list[int] = []
    while True:  # each step leads to an older subject
        query = select(subjects.c.id, subjects.c.data).where(
            subjects.c.key == key, subjects.c.lifecycle == LIFECYCLE
        )
        found = transaction.connection.execute(query.with_for_update()).one_or_none()
        if found is None or found.id in rows:
            return None
        rows.append(found.id)
        if not found.data.get("into"):
            break
        key = found.data["into"]
    keys = (key, *found.data.get("merged", ()))
    return Customer(key, keys, found.data.get("customer") or {}, _undecided(transaction, rows))


def _undecided(transaction: Transaction, subject_rows: Sequence[int]) -> bool:
    query = (
        select(inbox.c.event_id)
        .join(events, events.c.id == inbox.c.event_id)
        .where(inbox.c.subject_id.in_(subject_rows), inbox.c.dead_at.is_(None), events.c.type.in_(_WISHES))
        .limit(1)
    )
    return transaction.connection.execute(query).first() is not None


def sent_lately(transaction: Transaction, customer: Customer, most: int) -> list[datetime]:
    """When the last `most` messages went to them, UTC, in order."""
    query = (
        select(contacts.c.at)
        .where(contacts.c.customer.in_(customer.keys), ~contacts.c.waits)
        .order_by(contacts.c.at.desc())
        .limit(most)
    )
    return sorted(transaction.connection.execute(query).scalars())


def waiting(transaction: Transaction, customer: Customer, besides: int) -> list[int]:
    """Ids of the effects that wait and may go out together with the effect `besides`, the oldest first."""
    query = (
        select(contacts.c.effect_id)
        .where(contacts.c.customer.in_(customer.keys), contacts.c.waits, contacts.c.effect_id != besides)
        .order_by(contacts.c.effect_id)
        .limit(MOST_TOGETHER - 1)
    )
    return list(transaction.connection.execute(query).scalars())


def note_waiting(transaction: Transaction, customer: str, effects: Sequence[int], now: datetime) -> None:
    """These notices to them wait, and may go out together with others."""
    _note(transaction, customer, effects, now, waits=True)


def note_sent(transaction: Transaction, customer: str, effects: Sequence[int], now: datetime) -> None:
    """One message goes to them now, with what these effects say."""
    forget(transaction, effects[1:])
    _note(transaction, customer, effects[:1], now, waits=False)


def told_lately(transaction: Transaction, line: str, since: datetime) -> list[Told]:
    """What went to a colleague on this line after `since`, UTC."""
    query = (
        select(contacts.c.at, subjects.c.key, subjects.c.parent)
        .join(outbox, outbox.c.id == contacts.c.effect_id)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .where(contacts.c.customer == line, ~contacts.c.waits, contacts.c.at > since)
    )
    return [Told(at, matter_of(key, parent)) for at, key, parent in transaction.connection.execute(query)]


def matter(transaction: Transaction, subject: str) -> str:
    """What the subject with this key is part of, by key (see `gathering.matter_of`)."""
    query = select(subjects.c.parent).where(subjects.c.key == subject)
    return matter_of(subject, transaction.connection.execute(query).scalar())


def gathered_on(transaction: Transaction, line: str, besides: int) -> list[int]:
    """Ids of the effects that wait on this line for one message, without `besides`, the oldest first."""
    query = (
        select(contacts.c.effect_id)
        .join(outbox, outbox.c.id == contacts.c.effect_id)
        .where(contacts.c.customer == line, contacts.c.waits, contacts.c.effect_id != besides)
        .where(outbox.c.state.in_(RELAYED))
        .order_by(contacts.c.effect_id)
        .limit(MOST_GATHERED - 1)
    )
    return list(transaction.connection.execute(query).scalars())


def note_told(
    transaction: Transaction, line: str, effects: Sequence[int], now: datetime, since: datetime
) -> None:
    """One message goes on this line now, with what all these effects say; what went before `since` is old."""
    old = (contacts.c.customer == line, ~contacts.c.waits, contacts.c.at <= since)
    transaction.connection.execute(delete(contacts).where(*old))
    _note(transaction, line, effects, now, waits=False)


def forget(transaction: Transaction, effects: Sequence[int]) -> None:
    """Nothing went out for these effects after all, and none of them waits."""
    transaction.connection.execute(delete(contacts).where(contacts.c.effect_id.in_(effects)))


def _note(
    transaction: Transaction, customer: str, effects: Sequence[int], now: datetime, *, waits: bool
) -> None:
    forget(transaction, effects)
    rows = [{"effect_id": one, "customer": customer, "waits": waits, "at": now} for one in effects]
    if rows:
        transaction.connection.execute(insert(contacts), rows)
