"""Challenges of passkeys: each is for one purpose, holds for some minutes, and is answered once.

A challenge says itself until when it holds, under a signature of ours, so that nothing is stored for whoever
only looks at a page. What is stored is that one was answered, for as long as it would hold.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from workflow.errors import MakegoodError
from workflow.store import schema
from workflow.store.port import Store, Transaction
from workflow.store.secrets import secret

HOLDS = timedelta(minutes=10)
"""How long a challenge may be answered."""
_RANDOM, _TIME, _SIGNATURE = 32, 8, 32
_USED = schema.used_challenges.c


class WrongChallenge(MakegoodError):
    """This challenge is not ours, not for this, too old, or was answered already."""


def challenge(store: Store, purpose: str, now: datetime) -> bytes:
    """A new one, 72 bytes; `purpose` says what it is for, and for whom."""
    until = int((now + HOLDS).timestamp()).to_bytes(_TIME, "big")
    said = secrets.token_bytes(_RANDOM) + until
    return said + _signature(store, purpose, said, now)


def check(store: Store, given: bytes, purpose: str, now: datetime) -> datetime:
    """Until when this challenge holds, UTC. Raises WrongChallenge: it is none of this purpose, or too old."""
    said, signature = given[:-_SIGNATURE], given[-_SIGNATURE:]
    if len(given) != _RANDOM + _TIME + _SIGNATURE or not hmac.compare_digest(
        signature, _signature(store, purpose, said, now)
    ):
        raise WrongChallenge("the challenge is none of ours for this")
    until = datetime.fromtimestamp(int.from_bytes(said[-_TIME:], "big"), UTC)
    if until <= now:
        raise WrongChallenge("the challenge is too old")
    return until


def use(transaction: Transaction, dialect: str, given: bytes, until: datetime, now: datetime) -> None:
    """Note that a challenge was answered; old ones are forgotten. Raises WrongChallenge: it was before."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {"digest": sha256(given).hexdigest(), "expires_at": until}
    execute = transaction.connection.execute
    execute(delete(schema.used_challenges).where(_USED.expires_at <= now))
    added = insert(schema.used_challenges).values(row).on_conflict_do_nothing().returning(_USED.digest)
    if execute(added).first() is None:
        raise WrongChallenge("the challenge was answered already")


def _signature(store: Store, purpose: str, said: bytes, now: datetime) -> bytes:
    key = secret(store, "challenges", now)
    return hmac.new(key, purpose.encode() + b"\0" + said, sha256).digest()
