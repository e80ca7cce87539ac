"""From a subject up to whatever it came out of."""

from __future__ import annotations

from sqlalchemy import select

from workflow.store import schema
from workflow.store.keys import key_is
from workflow.store.port import Store

_SUBJECT = schema.subjects.c
_MOST = 20
"""Steps up that are looked at."""


def ancestor(store: Store, key: str, lifecycle: str) -> str | None:
    """The nearest subject of this lifecycle above one (or itself); None where there is none."""
    at: str | None = key
    with store.connect() as connection:
        for _ in range(_MOST):
            if at is None or at.partition(":")[0] == lifecycle:
                return at
            at = connection.scalar(select(_SUBJECT.parent).where(key_is(_SUBJECT.key, at)))
    return None
