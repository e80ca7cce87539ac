"""API keys: who may use the HTTP API, and in which role.

A key reads ``mg_<public>_<secret>``. The public part finds the row; of the secret part only a SHA-256
digest is stored. A plain digest is enough, since the secret is 256 random bits and cannot be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from workflow.access.role import Role as Role
from workflow.clock import monotonic
from workflow.errors import NotFound
from workflow.store import schema
from workflow.store.port import Store

PREFIX = "mg"
_NO_DIGEST = "0" * 64
_COLUMNS = (
    schema.keys.c.id,
    schema.keys.c.name,
    schema.keys.c.role,
    schema.keys.c.created_at,
    schema.keys.c.revoked_at,
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret.

    Attributes:
        id: its public part.
        name: what its owner calls it.
        role: what it permits.
        created_at, revoked_at: UTC; a revoked key permits nothing.
    """

    id: str
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None


def create(store: Store, role: Role, name: str, now: datetime) -> str:
    """Make a key and return its text, which cannot be shown a second time."""
    public, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with store.begin() as transaction:
        transaction.connection.execute(
            insert(schema.keys).values(
                id=public, name=name, role=role.value, digest=_digest(secret), created_at=now, revoked_at=None
            )
        )
    return f"{PREFIX}_{public}_{secret}"


def verify(store: Store, text: str) -> Key | None:
    """The key of this text, or None when there is none, its secret is wrong or it was revoked."""
    prefix, _, rest = text.partition("_")
    public, _, secret = rest.partition("_")
    if prefix != PREFIX or not public.isascii() or not public.isalnum() or not secret:
        return None
    statement = select(*_COLUMNS, schema.keys.c.digest).where(schema.keys.c.id == public)
    with store.connect() as connection:
        row = connection.execute(statement).first()
    # An unknown key is compared too, so that the time taken does not tell which public parts exist.
    genuine = hmac.compare_digest(_digest(secret), row.digest if row else _NO_DIGEST)
    return _key(row) if row and genuine and row.revoked_at is None else None


def revoke(store: Store, public: str, now: datetime) -> None:
    """Revoke a key for good; API processes that know it already forget it within `Keyring.KEEP` seconds.

    Raises NotFound when no key has this public part.
    """
    with store.begin() as transaction:
        known = transaction.connection.execute(
            select(schema.keys.c.id).where(schema.keys.c.id == public)
        ).first()
        if known is None:
            raise NotFound(f"key: there is none with the public part {public!r}")
        transaction.connection.execute(
            update(schema.keys)
            .where(schema.keys.c.id == public, schema.keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def listed(store: Store) -> list[Key]:
    """Every key, revoked ones too, the oldest first."""
    with store.connect() as connection:
        return [_key(row) for row in connection.execute(select(*_COLUMNS).order_by(schema.keys.c.created_at))]


class Keyring:
    """Remembers verified keys for a few seconds, so that a busy caller costs no query an event."""

    KEEP = 10.0
    """Seconds for which a verified key is believed: how long a revoked one may still work in a process."""
    _AHEAD = 3.0
    """So many seconds before that, one caller verifies it again, and the others need not."""
    _MOST = 1_000

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[Key, float]] = {}
        self._renewing: set[str] = set()

    def recall(self, text: str) -> Key | None:
        """The key if it was verified a moment ago; asks no database. None: `verify` it."""
        digest = _digest(text)
        found = self._known.get(digest)
        if found is None:
            return None
        key, until = found
        left = until - monotonic()
        if left > self._AHEAD:
            return key
        if left <= 0 or digest not in self._renewing:
            self._renewing.add(digest)
            return None
        return key

    def verify(self, text: str) -> Key | None:
        """As `keys.verify`, and remembers a good answer. A bad one is not remembered."""
        digest = _digest(text)
        try:
            key = verify(self._store, text)
            if key is None:
                self._known.pop(digest, None)
                return None
            if len(self._known) >= self._MOST:
                self._known.clear()
            self._known[digest] = (key, monotonic() + self.KEEP)
            return key
        finally:
            self._renewing.discard(digest)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: Row[*tuple[Any, ...]]) -> Key:
    return Key(row.id, row.name, Role(row.role), row.created_at, row.revoked_at)
