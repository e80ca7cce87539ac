"""Agent-first calls: with whom the agent is to be connected, asked when the agent is there."""

from __future__ import annotations

from sqlalchemy import select

from workflow.errors import NotFound
from workflow.store.port import Store
from workflow.store.schema import outbox, subjects


def customer_to_connect(store: Store, effect: str) -> str | None:
    """The customer's number of the call that this effect began; None when the call is not needed any more.

    It is needed as long as the callback that asked for it is open and held by the same claim: whoever has
    claimed it since calls with a telephone of their own. Raises NotFound when no such call began.
    """
    query = (
        select(outbox.c.payload, subjects.c.closed_at, subjects.c.data)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .where(outbox.c.key == effect, outbox.c.target == "dial", outbox.c.attempts > 0)
    )
    with store.connect() as connection:
        found = connection.execute(query).one_or_none()
    if found is None:
        raise NotFound("effect: no call has this key")
    asked = found.payload.get("context") or {}
    claim = (found.data.get("dialled") or {}).get("claim")
    number = asked.get("customer_phone")
    if found.closed_at is not None or claim not in (None, asked.get("claim")):
        return None
    return number if isinstance(number, str) else None
