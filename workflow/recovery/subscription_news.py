"""A subscription that fails reaches a person before it is disabled, and again when it is: an escalation each.

That it was told is committed with the escalation that tells it, whatever is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Row, func, select, update

from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import InvalidEvent
from workflow.recovery.house_words import house_says
from workflow.store.port import Transaction
from workflow.store.schema import events, held_changes, subscriptions

SOURCE = "/makegood/sweep"
_TOPIC = "subscription"
_AT_ONCE = 20

_WARNED_BEFORE = timedelta(days=1)

_ROW, _HELD = subscriptions.c, held_changes.c

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


def warn_of_failing_subscriptions(engine: Engine, now: datetime, failing: timedelta) -> int:
    """Open an escalation for each that would be disabled within a day, some at a time; how many were opened.

    Args:
        failing: how long one fails until it is disabled; where that is two days or less, half of it is left.
    """
    left = min(_WARNED_BEFORE, failing / 2)
    since = func.min(_HELD.failing_since, type_=_HELD.failing_since.type).label("since")
    query = (
        select(_ROW.id, _ROW.url, since)
        .join(held_changes, _HELD.subscription_id == _ROW.id)
        .where(_ROW.status == "active", _HELD.failing_since <= now - failing + left)
        .group_by(_ROW.id, _ROW.url)
        .order_by(_ROW.id)
    )
    with engine.store.connect() as connection:
        rows = connection.execute(query).all()
        names = {f"{row.id}-fails-{row.since:%Y%m%dT%H%M%S}": row for row in rows}
        asked = select(events.c.event_id).where(
            events.c.source == SOURCE, events.c.event_id.in_([f"{_TOPIC}s/{name}" for name in names])
        )
        told = set(connection.scalars(asked))
    untold = [(name, row) for name, row in names.items() if f"{_TOPIC}s/{name}" not in told][:_AT_ONCE]
    return sum(_warn(engine, name, row, row.since + failing, now) for name, row in untold)


def _warn(engine: Engine, name: str, row: Row[*tuple[Any, ...]], ends: datetime, now: datetime) -> bool:
    said = {"id": row.id, "place": urlsplit(row.url).hostname, "until": f"{ends:%Y-%m-%d %H:%M} UTC"}
    return _open(engine, name, house_says("subscription_fails", said), now, lambda transaction: None)


def _tell(engine: Engine, row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    said = {"id": row.id, "place": urlsplit(row.url).hostname, "reason": row.reason}
    # Disabled anew later, it is told anew.
    name = f"{row.id}-{row.changed_at:%Y%m%dT%H%M%S}"

    def note(transaction: Transaction) -> None:
        told = update(subscriptions).where(_ROW.id == row.id).values(told_at=now)
        transaction.connection.execute(told)

    return _open(engine, name, house_says("subscription_disabled", said), now, note)


def _open(engine: Engine, name: str, words: str, now: datetime, note: Callable[[Transaction], None]) -> bool:
    """Open an escalation, and write what `note` says with it; whether it is new."""
    subject = f"escalation:subscription-{name}"
    data = {"about": _TOPIC, "words": words}
    event = CloudEvent(f"{_TOPIC}s/{name}", SOURCE, "escalation.open", subject, now, data)
    try:
        (answer,) = engine.acceptor.store_one(engine.acceptor.check([event]), note)
    except InvalidEvent as error:  # an escalation of the installation's own that knows no `open`
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
        log.error("a failing subscription finds no person", subscription=name, refused=rules)
        return False
    return answer.status == "accepted"
