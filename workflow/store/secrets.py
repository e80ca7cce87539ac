"""Secrets of an installation: each is made by whoever first needs it, and is the same for all processes."""

from __future__ import annotations

import secrets as randomness
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from workflow.store import schema
from workflow.store.port import Store

_BYTES = 32


def secret(store: Store, name: str, now: datetime) -> bytes:
    """The secret of that name; of several who make it at once the first one's is everybody's.

    To have another made, delete its row and start the processes again.
    """
    known = select(schema.secrets.c.value).where(schema.secrets.c.name == name)
    with store.connect() as connection:
        value = connection.scalar(known)
    if value is None:
        insert = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
        made = {"name": name, "value": randomness.token_hex(_BYTES), "made_at": now}
        with store.begin() as transaction:
            transaction.connection.execute(insert(schema.secrets).values(made).on_conflict_do_nothing())
            value = transaction.connection.scalar(known)
    assert value is not None
    return bytes.fromhex(value)
