"""What broke a rule at the door lately: whose, which event, which field and rule; nothing of its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from workflow.access.audit import TURNED_AWAY
from workflow.store.port import Store
from workflow.store.schema import audit

LOOKED_AT = 20_000
"""So many of the newest entries of the audit log are looked through."""


@dataclass(frozen=True, slots=True)
class TurnedAwayEvent:
    """One request.

    Attributes:
        at: when, UTC.
        actor: whose key it came with.
        event: type, source and id of its first event; None: none could be read.
        rules: field and rule of what was wrong.
        request_id: as its answer named it.
    """

    at: datetime
    actor: str | None
    event: str | None
    rules: str | None
    request_id: str | None


def turned_away(store: Store, *, limit: int = 20) -> list[TurnedAwayEvent]:
    """The newest first, of those that the audit log still has."""
    columns = (audit.c.at, audit.c.actor, audit.c.target, audit.c.reason, audit.c.request_id)
    with store.connect() as connection:
        newest = connection.scalar(select(func.max(audit.c.id))) or 0
        query = (
            select(*columns)
            .where(audit.c.id > newest - LOOKED_AT, audit.c.outcome == TURNED_AWAY)
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        return [TurnedAwayEvent(*row) for row in connection.execute(query)]
