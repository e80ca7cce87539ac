"""Whose a case is by now, where what waits about it was asked for while it was thought to be another's.

Two who were taken for one are told apart, and a case goes back to who wrote it. What is on its way to the
other one by then, in quiet hours or under a cap, is about a case that is none of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Select, case, select, type_coerce

from workflow.recovery.contact.contact_log import LIFECYCLE
from workflow.store.among import among
from workflow.store.port import Transaction
from workflow.store.schema import outbox, subjects

_CASE = "case:"


def parted(transaction: Transaction, effects: Sequence[int]) -> dict[int, str]:
    """Of these notices to customers those about a case that has gone back to another one: that one's key."""
    if not effects:
        return {}
    found: dict[int, str] = {}
    for effect, payload, customer, known in transaction.connection.execute(_THEIRS, {"effects": effects}):
        asked = payload["to"].get("key") if isinstance(payload["to"], dict) else None
        if asked != customer and asked in known.get("different", ()):
            found[effect] = customer
    return found


def _of_cases() -> Select[Any]:
    """Notices about a case, with the customer whose it is."""
    of_case, theirs = subjects.alias("of_case"), subjects.alias("theirs")
    key = case((subjects.c.key.startswith(_CASE), subjects.c.key), else_=subjects.c.parent)
    whose = type_coerce(of_case.c.data, JSON)[("customer", "key")].as_string()
    return (
        select(outbox.c.id, outbox.c.payload, theirs.c.key, theirs.c.data)
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .join(of_case, of_case.c.key == key)
        .join(theirs, theirs.c.key == whose)
        .where(among(outbox.c.id, "effects"))
        .where(of_case.c.lifecycle == "case", theirs.c.lifecycle == LIFECYCLE)
    )


_THEIRS = _of_cases()  # built once: that takes longer than the database
