"""API keys: who may use the HTTP API, and in which role.

A key reads ``mg_<public>_<secret>``, a test key ``mgtest_<public>_<secret>``. The public part finds the row;
of the secret part only a SHA-256 digest is stored. A plain digest is enough, since the secret is 256 random
bits and cannot be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from state_machines.errors import Problem
from workflow.access.bounds import NO_BOUNDS, Bounds, bounds_of
from workflow.access.principal import Principal
from workflow.access.role import Role as Role
from workflow.errors import InvalidQuery, NotFound
from workflow.store import schema
from workflow.store.port import Store, Transaction

PREFIX = "mg"
TEST_PREFIX = "mgtest"
"""Of keys of the rehearsal: they are in its store, and nowhere else."""
_NO_DIGEST = "0" * 64
_COLUMNS = tuple(
    schema.keys.c[name]
    for name in (
        "id", "name", "role", "created_at", "revoked_at", "expires_at", "person", "bounds", "replaces"
    )
)  # fmt: skip


def create(
    store: Store,
    role: Role,
    name: str,
    now: datetime,
    *,
    person: str | None = None,
    bounds: Bounds = NO_BOUNDS,
    expires_at: datetime | None = None,
    prefix: str = PREFIX,
) -> str:
    """Make a key and return its text, which begins with `prefix` and cannot be shown a second time.

    Raises InvalidQuery where a person's role names no person, or a system's does; where it ends before `now`.
    """
    problems: list[Problem] = []
    if role.is_person and not person:
        problems.append(
            Problem("person", "required", f"a key of role {role} is somebody's: say whose, by address")
        )
    if person and not role.is_person:
        problems.append(Problem("person", "role", f"a key of role {role} is a system's, and nobody's own"))
    if expires_at is not None and expires_at <= now:
        problems.append(Problem("expires_at", "past", "this is over already"))
    if problems:
        raise InvalidQuery(problems)
    with store.begin() as transaction:
        return _insert(transaction, Principal("", name, role, now, None, expires_at, person, bounds), prefix)


def rotate(store: Store, public: str, now: datetime, overlap: timedelta, prefix: str = PREFIX) -> str:
    """Make a key that may do what this one may, which ends after `overlap`; returns the new one's text.

    Raises NotFound when no key that is in force has this public part.
    """
    with store.begin() as transaction:
        old = _found(transaction, public)
        if old.revoked_at is not None or old.is_expired(now):
            raise NotFound(f"key: {public!r} is no longer in force")
        ends = now + overlap
        transaction.connection.execute(
            update(schema.keys)
            .where(schema.keys.c.id == public)
            .values(expires_at=ends if old.expires_at is None else min(old.expires_at, ends))
        )
        return _insert(
            transaction,
            Principal("", old.name, old.role, now, None, None, old.person, old.bounds, replaces=public),
            prefix,
        )


def revoke(store: Store, public: str, now: datetime) -> None:
    """Revoke a key for good; processes that know it already forget it within `Keyring.KEEP` seconds.

    Raises NotFound when no key has this public part.
    """
    with store.begin() as transaction:
        _found(transaction, public)
        transaction.connection.execute(
            update(schema.keys)
            .where(schema.keys.c.id == public, schema.keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def verify(store: Store, text: str, now: datetime, prefix: str = PREFIX) -> Principal | None:
    """Whose key this text is; None for an unknown one, a wrong secret, one revoked or expired, and for one
    that does not begin with `prefix`.
    """
    begins, _, rest = text.partition("_")
    public, _, secret = rest.partition("_")
    if begins != prefix or not public.isascii() or not public.isalnum() or not secret:
        return None
    statement = select(*_COLUMNS, schema.keys.c.digest).where(schema.keys.c.id == public)
    with store.connect() as connection:
        row = connection.execute(statement).first()
    # An unknown key is compared too, so that the time taken does not tell which public parts exist.
    genuine = hmac.compare_digest(digest(secret), row.digest if row else _NO_DIGEST)
    if row is None or not genuine:
        return None
    found = _principal(row)
    return found if found.revoked_at is None and not found.is_expired(now) else None


def listed(store: Store) -> list[Principal]:
    """Every key, revoked and expired ones too, the oldest first."""
    with store.connect() as connection:
        rows = connection.execute(select(*_COLUMNS).order_by(schema.keys.c.created_at, schema.keys.c.id))
        return [_principal(row) for row in rows]


def digest(text: str) -> str:
    """By what a secret is known without being kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def _insert(transaction: Transaction, holder: Principal, prefix: str) -> str:
    public, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    transaction.connection.execute(
        insert(schema.keys).values(
            id=public,
            name=holder.name,
            role=holder.role.value,
            digest=digest(secret),
            created_at=holder.created_at,
            revoked_at=None,
            expires_at=holder.expires_at,
            person=holder.person,
            bounds=holder.bounds.to_json() or None,
            replaces=holder.replaces,
        )
    )
    return f"{prefix}_{public}_{secret}"


def _found(transaction: Transaction, public: str) -> Principal:
    row = transaction.connection.execute(select(*_COLUMNS).where(schema.keys.c.id == public)).first()
    if row is None:
        raise NotFound(f"key: there is none with the public part {public!r}")
    return _principal(row)


def _principal(row: Row[*tuple[Any, ...]]) -> Principal:
    return Principal(
        row.id,
        row.name,
        Role(row.role),
        row.created_at,
        row.revoked_at,
        row.expires_at,
        row.person,
        bounds_of(row.bounds),
        row.replaces,
    )
