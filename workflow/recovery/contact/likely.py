"""Which customers may be one person, for whoever decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from workflow.queries.subjects import SubjectRow, find_subject, subjects
from workflow.store.port import Store

_SHOWN = ("name", "account", "email", "phone", "social")
_LONGEST_CHAIN = 100


@dataclass(frozen=True, slots=True)
class LikelyCustomer:
    """One of two customers: their key, and what tells a person who they are."""

    customer: str
    known_as: Mapping[str, Any]
    cases: list[str]


@dataclass(frozen=True, slots=True)
class Likely:
    """Two customers who may be one.

    Attributes:
        likeness: key of the subject that is told `merge` or `not_the_same`.
        share: what they share, such as phone.
        accounts_differ: something says that they are one, and their accounts that they are not.
        since: since when it is asked, UTC.
    """

    likeness: str
    share: list[str]
    accounts_differ: bool
    since: datetime | None
    one: LikelyCustomer
    other: LikelyCustomer


@dataclass(frozen=True, slots=True)
class LikelyPage:
    """Some of them, and the cursor of the next page (None: that was all)."""

    items: list[Likely]
    next: str | None


def likely(store: Store, limit: int = 100, cursor: str | None = None) -> LikelyPage:
    """Those of whom nobody has said yet whether they are one, the oldest first, `limit` at most.

    Who has become one meanwhile by way of others is left out: a page may have fewer. Raises InvalidQuery for
    a `cursor` that is none.
    """
    page = subjects(store, lifecycle="likeness", states=("likely",), limit=limit, cursor=cursor)
    with store.connect() as connection:
        read = [
            (row, _whole(connection, row.data["one"]), _whole(connection, row.data["other"]))
            for row in page.items
        ]
    return LikelyPage(
        [
            Likely(
                row.key,
                list(row.data.get("kinds", ())),
                bool(row.data.get("accounts_differ")),
                row.opened_at,
                _one(one),
                _one(other),
            )
            for row, one, other in read
            if one is not None and other is not None and one.key != other.key
        ],
        page.next,
    )


def _whole(connection: Connection, key: str) -> SubjectRow | None:
    """The customer with this key, or whom they turned out to be."""
    for _ in range(_LONGEST_CHAIN):
        found = find_subject(connection, key)
        if found is None:
            return None
        into = found[1].data.get("into")
        if not into:
            return found[1]
        key = into
    return None


def _one(row: SubjectRow) -> LikelyCustomer:
    customer = row.data.get("customer") or {}
    return LikelyCustomer(
        row.key,
        {name: customer[name] for name in _SHOWN if customer.get(name)},
        list(row.data.get("open_cases", ())),
    )
