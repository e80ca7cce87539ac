"""Bells: browsers in which somebody is told, also while no page is open there, that somebody waits.

A row is what a push service needs to be given: where, and the browser's keys. It belongs to the session with
which it was asked for: where that is ended by hand, the bell is over with it, and so are all of somebody who
is disabled. Of what is over the address and the keys are gone at once; the row stays until the bell's subject
has heard of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from workflow.store import schema
from workflow.store.port import Store, Transaction

LIFECYCLE = "bell"
MOST = 20
"""Bells of one person."""
SIGNED_OUT, DISABLED, REMOVED, GONE = "signed-out", "disabled", "removed", "gone"
"""Why one is over: by hand of its person, by an admin's, by its person on their page; or as its push service
says, where the browser is gone."""
OTHER_KEY, UNUSED, OTHERS = "other-key", "unused", "others"
"""The same: it was asked for under another key of ours; it has not been used for long; somebody else wants it
in this browser now."""
_BELL = schema.bells.c
_LONGEST = 200
"""Characters of what a browser says it is that are kept."""


@dataclass(frozen=True, slots=True)
class PushAddress:
    """Where a browser's push service takes messages for it, as the browser says.

    Attributes:
        endpoint: a URL.
        public_key: the browser's, an uncompressed point of P-256, base64url.
        auth: the secret that the browser shares with us, base64url.
    """

    endpoint: str
    public_key: str
    auth: str

    @property
    def digest(self) -> str:
        """Of the endpoint: a browser has one."""
        return sha256(self.endpoint.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Bell:
    """One bell that is on.

    Attributes:
        id: of the row, and of its subject.
        person_id, session_id: whose it is, and with which session it was asked for or used last.
        endpoint, public_key, auth: see `PushAddress`.
        server_key: our public key for which the browser asked, base64url: it takes messages of no other.
        browser: what the browser said it is.
        quiet_from, quiet_to: when it keeps quiet, such as ``20:00``; None: never.
        created_at, seen_at: UTC; the second: when its browser last said that it wants it.
        taken_at: when its push service last took a message, UTC; None: it has not yet.
        heard: keys of who waits and was acknowledged, or waited before.
        told: whether its subject was told that somebody waits.
        version: how often the row was written.
    """

    id: str
    person_id: str
    session_id: str
    endpoint: str
    public_key: str
    auth: str
    server_key: str
    browser: str | None
    quiet_from: str | None
    quiet_to: str | None
    created_at: datetime
    seen_at: datetime
    taken_at: datetime | None
    heard: Sequence[str]
    told: bool
    version: int

    @property
    def key(self) -> str:
        """Of its subject."""
        return f"{LIFECYCLE}:{self.id}"

    @property
    def address(self) -> PushAddress:
        """Where it is rung."""
        return PushAddress(self.endpoint, self.public_key, self.auth)


BELL_COLUMNS = tuple(_BELL[name].label(f"bell_{name}") for name in Bell.__slots__)
"""What `bell_of` reads."""


def bell_of(row: Row[*tuple[Any, ...]]) -> Bell:
    """A bell as its row says."""
    return Bell(*(getattr(row, f"bell_{name}") for name in Bell.__slots__))


def listed(store: Store, person_id: str) -> list[Bell]:
    """Somebody's bells that are on, the oldest first."""
    theirs = (_BELL.person_id == person_id, _BELL.ended_at.is_(None))
    query = select(*BELL_COLUMNS).where(*theirs).order_by(_BELL.created_at, _BELL.id)
    with store.connect() as connection:
        return [bell_of(row) for row in connection.execute(query)]


def find(store: Store, id: str) -> Bell | None:
    """The bell of this id; None where it is off."""
    query = select(*BELL_COLUMNS).where(_BELL.id == id, _BELL.ended_at.is_(None))
    with store.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else bell_of(row)


def at_address(store: Store, address: PushAddress) -> Bell | None:
    """The bell of the browser with this address; None where there is none."""
    known = (_BELL.endpoint_digest == address.digest, _BELL.ended_at.is_(None))
    with store.connect() as connection:
        row = connection.execute(select(*BELL_COLUMNS).where(*known)).first()
    return None if row is None else bell_of(row)


def add(transaction: Transaction, bell: Bell) -> None:
    """Store a new one. Raises sqlalchemy.exc.IntegrityError where there is one at its address."""
    row = {name: getattr(bell, name) for name in Bell.__slots__}
    row |= {"heard": list(bell.heard), "browser": (bell.browser or "")[:_LONGEST].replace("\x00", "")}
    transaction.connection.execute(insert(schema.bells).values(**row, endpoint_digest=bell.address.digest))


def write(transaction: Transaction, bell: Bell, **values: Any) -> bool:
    """Change the row if it still is as `bell` says; whether it was. What it is then counts as a version."""
    known = (_BELL.id == bell.id, _BELL.version == bell.version, _BELL.ended_at.is_(None))
    change = update(schema.bells).where(*known).values(version=bell.version + 1, **values)
    return transaction.connection.execute(change).rowcount == 1


def note_taken(store: Store, id: str, now: datetime) -> None:
    """Its push service has taken a message, at this instant, UTC."""
    with store.begin() as transaction:
        still = (_BELL.id == id, _BELL.ended_at.is_(None))
        transaction.connection.execute(update(schema.bells).where(*still).values(taken_at=now))


def end(transaction: Transaction, which: ColumnElement[bool], now: datetime, reason: str) -> int:
    """Switch off those of a condition, such as that of a session; how many were on.

    Nothing is sent to their browsers any more, whatever waits.
    """
    gone = {"endpoint": None, "endpoint_digest": None, "public_key": None, "auth": None}
    change = update(schema.bells).where(which, _BELL.ended_at.is_(None))
    done = transaction.connection.execute(change.values(ended_at=now, reason=reason, **gone))
    return done.rowcount


def end_one(store: Store, id: str, now: datetime, reason: str) -> bool:
    """Switch off the one of this id; whether it was on."""
    with store.begin() as transaction:
        return end(transaction, _BELL.id == id, now, reason) == 1
