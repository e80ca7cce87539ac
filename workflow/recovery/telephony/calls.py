"""Agent-first calls: with whom the agent is to be connected, asked when the agent is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from workflow.errors import NotFound
from workflow.recovery.contact.hours import contact_time
from workflow.recovery.contact.numbers import dialled
from workflow.store.port import Store
from workflow.store.schema import outbox, subjects


def customer_to_connect(store: Store, effect: str, now: datetime) -> str | None:
    """The E.164 number of the customer whom this call is for; None when they are not to be called, now.

    They are as long as the callback that asked for it is open and held by the same claim (whoever has claimed
    it since calls with a telephone of their own), and outside of their quiet hours: between the claim and the
    key that the agent presses, minutes pass. Raises NotFound when no such call began.
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
    asked, customer = found.payload.get("context") or {}, found.data.get("customer")
    claim, number = (found.data.get("dialled") or {}).get("claim"), asked.get("customer_phone")
    held = found.closed_at is None and claim in (None, asked.get("claim"))
    if not held or contact_time(customer, now) > now or _opted_out(customer):
        return None
    return dialled(number) if isinstance(number, str) else None


def _opted_out(customer: Any) -> bool:
    return isinstance(customer, Mapping) and "live" in (customer.get("opted_out") or ())
