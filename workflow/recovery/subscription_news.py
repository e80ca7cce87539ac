"""A subscription that is disabled reaches a person: one escalation says which, and why.

That it was told is committed with the escalation that tells it, whatever is killed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Row, select, update

from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import InvalidEvent
from workflow.recovery.house_words import house_says
from workflow.store.port import Transaction
from workflow.store.schema import subscriptions

SOURCE = "/makegood/sweep"
_TOPIC = "subscription"
_AT_ONCE = 20

_ROW = subscriptions.c

log = structlog.get_logger(__name__)


def tell_of_disabled_subscriptions(engine: Engine, now: datetime) -> int:
    """Open an escalation for each that nobody was told of, some at a time; how many were."""
    untold = (
        select(_ROW.id, _ROW.url, _ROW.reason, _ROW.changed_at)
        .where(_ROW.status == "disabled", _ROW.told_at.is_(None))
        .order_by(_ROW.id)
        .limit(_AT_ONCE)
    )
    with engine.store.connect() as connection:
        rows = connection.execute(untold).all()
    return sum(_tell(engine, row, now) for row in rows)


def _tell(engine: Engine, row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    said = {"id": row.id, "place": urlsplit(row.url).hostname, "reason": row.reason}
    # Disabled anew later, it is told anew.
    name = f"{row.id}-{row.changed_at:%Y%m%dT%H%M%S}"
    data = {"about": _TOPIC, "words": house_says("subscription_disabled", said)}
    event = CloudEvent(
        f"subscriptions/{name}", SOURCE, "escalation.open", f"escalation:subscription-{name}", now, data
    )

    def note(transaction: Transaction) -> None:
        told = update(subscriptions).where(_ROW.id == row.id).values(told_at=now)
        transaction.connection.execute(told)

    try:
        (answer,) = engine.acceptor.store_one(engine.acceptor.check([event]), note)
    except InvalidEvent as error:  # an escalation of the installation's own that knows no `open`
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("a disabled subscription finds no person", subscription=row.id, refused=rules)
        return False
    return answer.status == "accepted"
