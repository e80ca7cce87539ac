"""Whom we have written to and when, and what waits: so that caps hold and a burst is one message.

Everything about one customer happens under the lock of the customer's subject, however many workers send.
Subjects are locked before effects, as everywhere (see `workflow.store.port`). A colleague is no subject: what
goes to one is kept here as well, under the name of a line (see `colleague_lines`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    bindparam,
    delete,
    insert,
    select,
    type_coerce,
)

from workflow.store.among import among
from workflow.store.port import Store, Transaction
from workflow.store.schema import contacts, events, inbox, outbox, subjects

LIFECYCLE = "customer"
MOST_TOGETHER = 100
"""Notices that go out as one message to a customer at most."""
_WISHES = tuple(
    f"{LIFECYCLE}.{trigger}"
    for trigger in (
        "known",
        "prefer",
        "opt_out",
        "opt_in",
        "moved_zone",
        "new_address",
        "address_failed",
        "address_works",
    )
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


def held(transaction: Transaction, keys: Collection[str]) -> dict[str, Customer]:
    """The customers with these keys, or whom they have turned out to be, by the key that was asked for.

    Their subjects and those that lead to them are locked in the order of their ids, as everybody does it.
    """
    if not keys:
        return {}
    found = _chains(transaction, keys, frozenset())
    found = _chains(transaction, keys, frozenset(row.id for row in found.values()))
    customers: dict[str, Customer] = {}
    chains = {key: chain for key in keys if (chain := _chain(found, key))}
    undecided = _undecided(transaction, [row.id for chain in chains.values() for row in chain])
    for asked, chain in chains.items():
        last = chain[-1]
        known_as = (last.key, *last.data.get("merged", ()))
        profile = last.data.get("customer") or {}
        customers[asked] = Customer(last.key, known_as, profile, any(row.id in undecided for row in chain))
    return customers


class _Known(NamedTuple):
    """A row of a customer's subject."""

    id: int
    key: str
    data: Mapping[str, Any]


def _chains(transaction: Transaction, keys: Collection[str], locked: Collection[int]) -> dict[str, _Known]:
    """The subjects of these keys and all whom they have turned out to be, by key.

    Those whose ids are in `locked` are locked first; and so is, since one may have turned out to be another a
    moment ago, each that they lead to then.
    """
    found: dict[str, _Known] = {}
    if locked:
        found = _read(transaction, subjects.c.id.in_(locked), lock=True)
    wanted = {*keys, *(row.data["into"] for row in found.values() if row.data.get("into"))} - found.keys()
    while wanted:
        more = _read(transaction, subjects.c.key.in_(wanted), lock=bool(locked))
        found |= more
        wanted = {row.data["into"] for row in more.values() if row.data.get("into")} - found.keys()
    return found


def _read(transaction: Transaction, which: ColumnElement[bool], *, lock: bool) -> dict[str, _Known]:
    query = (
        select(subjects.c.id, subjects.c.key, subjects.c.data)
        .where(which, subjects.c.lifecycle == LIFECYCLE)
        .order_by(subjects.c.id)
    )
    rows = transaction.connection.execute(query.with_for_update() if lock else query)
    return {row.key: _Known(*row) for row in rows}


def _chain(found: Mapping[str, _Known], key: str) -> list[_Known]:
    """The subject of this key and all whom it has turned out to be; empty where one of them is missing."""
    chain: list[_Known] = []
    while row := found.get(key):
        if row in chain:
            return []
        chain.append(row)
        if not row.data.get("into"):
            return chain
        key = row.data["into"]
    return []


def _undecided(transaction: Transaction, rows: Collection[int]) -> set[int]:
    """Ids of those subjects that have said something about being reached that is not decided yet."""
    query = (
        select(inbox.c.subject_id)
        .join(events, events.c.id == inbox.c.event_id)
        .where(inbox.c.subject_id.in_(rows), inbox.c.dead_at.is_(None), events.c.type.in_(_WISHES))
    )
    return set(transaction.connection.execute(query).scalars())


_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
# Statements are built once, here and below: that takes longer than the database.
_SENT_LATELY = (
    select(contacts.c.at)
    .where(contacts.c.customer.in_(_KEYS), ~contacts.c.waits)
    .order_by(contacts.c.at.desc())
    .limit(bindparam("most"))
)


def sent_lately(transaction: Transaction, customer: Customer, most: int) -> list[datetime]:
    """When the last `most` messages went to them, UTC, in order."""
    asked = {"keys": customer.keys, "most": most}
    return sorted(transaction.connection.execute(_SENT_LATELY, asked).scalars())


_WAITING = select(contacts.c.customer).where(contacts.c.customer.in_(_KEYS), contacts.c.waits).distinct()


def with_waiting(transaction: Transaction, customers: Collection[Customer]) -> set[str]:
    """Keys under which something waits for one of these customers."""
    keys = [key for customer in customers for key in customer.keys]
    return set(transaction.connection.execute(_WAITING, {"keys": keys}).scalars()) if keys else set()


_TOGETHER = (
    select(contacts.c.effect_id)
    .join(outbox, outbox.c.id == contacts.c.effect_id)
    .where(contacts.c.customer.in_(_KEYS), contacts.c.waits, contacts.c.effect_id != bindparam("besides"))
    .where(type_coerce(outbox.c.payload, JSON)["to", "key"].as_string().in_(_KEYS))
    .order_by(contacts.c.effect_id)
    .limit(MOST_TOGETHER - 1)
)


def waiting(transaction: Transaction, customer: Customer, besides: int) -> list[int]:
    """Ids of the effects that wait and may go out together with the effect `besides`, the oldest first.

    What waits since this customer was taken for another one may be the other one's.
    """
    asked = {"keys": customer.keys, "besides": besides}
    return list(transaction.connection.execute(_TOGETHER, asked).scalars())


class Contact(NamedTuple):
    """A notice to a customer: it goes out now or, where it `waits`, may go out together with others."""

    effect: int
    customer: str
    waits: bool


def note(transaction: Transaction, contacts_now: Sequence[Contact], now: datetime) -> None:
    """Whatever was noted about these notices before, this is how they stand."""
    if contacts_now:
        forget(transaction, [one.effect for one in contacts_now])
        rows = [
            {"effect_id": one.effect, "customer": one.customer, "waits": one.waits, "at": now}
            for one in contacts_now
        ]
        transaction.connection.execute(insert(contacts), rows)


_FORGET = delete(contacts).where(among(contacts.c.effect_id, "effects"))


def forget(transaction: Transaction, effects: Sequence[int]) -> None:
    """Nothing went out for these effects after all, and none of them waits."""
    if effects:
        transaction.connection.execute(_FORGET, {"effects": effects})


_PRUNED_TOGETHER = 1000
_OLDEST = select(contacts.c.effect_id).order_by(contacts.c.effect_id).limit(_PRUNED_TOGETHER).subquery()
_PRUNE = (
    delete(contacts)
    .where(contacts.c.effect_id.in_(select(_OLDEST.c.effect_id)))
    .where(contacts.c.at < bindparam("before"), ~contacts.c.waits)
)


def prune(store: Store, before: datetime) -> int:
    """Forget what went before an instant, UTC: no cap looks back so far. At most some, the oldest first.

    Returns:
        How many are forgotten.
    """
    with store.begin() as transaction:
        return transaction.connection.execute(_PRUNE, {"before": before}).rowcount
