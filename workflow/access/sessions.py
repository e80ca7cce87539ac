"""Sessions: who is signed in with which browser. The token is in the browser alone, in SQL only its digest.

A session ends by itself when it is not used for a while, and after a fixed time however it is used. It can be
seen and ended from another browser: the next request then finds it ended.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update

from workflow.access import bells
from workflow.access.keys import digest
from workflow.access.people import PERSON_COLUMNS, Person, person_of
from workflow.errors import NotFound
from workflow.store import schema
from workflow.store.port import Store, Transaction

_SESSION, _PERSON = schema.sessions.c, schema.people.c
_SEEN_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=30)
_LONGEST = 200
"""Characters of what a browser says it is that are kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may last: without being used, and at all."""

    idle: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """One session.

    Attributes:
        id: names it; not the token.
        created_at, seen_at: UTC; the second to the minute.
        expires_at: when it ends however it is used, UTC.
        address, browser: from where and with what they signed in.
    """

    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str | None
    browser: str | None

    def ends_at(self, limits: Limits) -> datetime:
        """When it ends if it is not used again, UTC."""
        return min(self.expires_at, self.seen_at + limits.idle)


_COLUMNS = tuple(_SESSION[name].label(f"session_{name}") for name in Session.__slots__)


def begin(
    transaction: Transaction, person: Person, now: datetime, limits: Limits, address: str | None, browser: str
) -> tuple[Session, str]:
    """A new session of somebody, and its token, which is shown to nobody but their browser.

    What is over for a month is forgotten with it.
    """
    token = secrets.token_urlsafe(32)
    made = Session(
        f"s{secrets.token_hex(6)}",
        now,
        now,
        now + limits.length,
        address,
        browser[:_LONGEST].replace("\x00", ""),
    )
    row = {name: getattr(made, name) for name in Session.__slots__}
    execute = transaction.connection.execute
    execute(insert(schema.sessions).values(**row, digest=digest(token), person_id=person.id, ended_at=None))
    old = and_(_SESSION.person_id == person.id, _SESSION.expires_at < now - _KEPT)
    execute(delete(schema.sessions).where(old))
    return made, token


def find(
    store: Store, token: str, now: datetime, limits: Limits, *, used: bool = True
) -> tuple[Session, Person] | None:
    """The session of this token, and whose it is; None where it is over or was never.

    That it was used is noted, once a minute at most; not where a page asks by itself (`used` is False).
    """
    query = (
        select(*_COLUMNS, *PERSON_COLUMNS)
        .join_from(schema.sessions, schema.people, _PERSON.id == _SESSION.person_id)
        .where(_SESSION.digest == digest(token), _in_force(now, limits), _PERSON.disabled_at.is_(None))
    )
    with store.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    found = _session(row)
    if used and now - found.seen_at >= _SEEN_EVERY:
        with store.begin() as transaction:
            still = (_SESSION.id == found.id, _SESSION.ended_at.is_(None))
            transaction.connection.execute(update(schema.sessions).where(*still).values(seen_at=now))
        found = replace(found, seen_at=now)
    return found, person_of(row)


def listed(store: Store, person: Person, now: datetime, limits: Limits) -> list[Session]:
    """Somebody's sessions that are in force, the one that was used last first."""
    theirs = (_SESSION.person_id == person.id, _in_force(now, limits))
    query = select(*_COLUMNS).where(*theirs).order_by(_SESSION.seen_at.desc(), _SESSION.id)
    with store.connect() as connection:
        return [_session(row) for row in connection.execute(query)]


def last_seen(store: Store, address: str, now: datetime, limits: Limits) -> datetime | None:
    """When somebody used a session that still runs last, to the minute, UTC; None: they have none."""
    query = (
        select(func.max(_SESSION.seen_at, type_=_SESSION.seen_at.type))
        .join_from(schema.sessions, schema.people, schema.people.c.id == _SESSION.person_id)
        .where(
            schema.people.c.address == address, schema.people.c.disabled_at.is_(None), _in_force(now, limits)
        )
    )
    with store.connect() as connection:
        found: datetime | None = connection.execute(query).scalar()
    return found


def end(store: Store, person: Person, id: str, now: datetime) -> None:
    """End one of somebody's sessions. Raises NotFound where it is none of theirs, or over already."""
    with store.begin() as transaction:
        theirs = and_(_SESSION.id == id, _SESSION.person_id == person.id)
        if not _end(transaction, theirs, now):
            raise NotFound(f"session: {id!r} is none of yours, or over already")


def end_token(transaction: Transaction, token: str, now: datetime) -> None:
    """End the session of this token, if it is in force: its browser gets another one."""
    _end(transaction, _SESSION.digest == digest(token), now)


def end_all(transaction: Transaction, person_id: str, now: datetime, *, but: str | None = None) -> None:
    """End all of somebody's sessions, but the one with this id."""
    theirs = _SESSION.person_id == person_id
    _end(transaction, theirs if but is None else and_(theirs, _SESSION.id != but), now)


def _end(transaction: Transaction, which: ColumnElement[bool], now: datetime) -> int:
    """End those of a condition, with the bells that were asked for in them; how many were not over."""
    ending = and_(which, _SESSION.ended_at.is_(None))
    ids = select(_SESSION.id).where(ending).scalar_subquery()
    bells.end(transaction, schema.bells.c.session_id.in_(ids), now, bells.SIGNED_OUT)
    return transaction.connection.execute(update(schema.sessions).where(ending).values(ended_at=now)).rowcount


def _in_force(now: datetime, limits: Limits) -> ColumnElement[bool]:
    used = _SESSION.seen_at > now - limits.idle
    return and_(_SESSION.ended_at.is_(None), _SESSION.expires_at > now, used)


def _session(row: Any) -> Session:
    return Session(*(getattr(row, f"session_{name}") for name in Session.__slots__))
