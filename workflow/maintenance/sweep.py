"""What a lost message or a killed worker left behind is found here, however old it is.

Due timers, unapplied events and published effects are found by the scheduler itself, since claims ask SQL
what is due and nothing else. What needs more is a send that was begun and never finished: nobody knows
whether it went out, so its outcome becomes `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from workflow.engine.due_timers import due_rows
from workflow.outbox.effects import due_rows as due_effects
from workflow.store.effect_states import RELAYED, EffectState
from workflow.store.port import EffectUpdate, Store
from workflow.store.schema import inbox, outbox

COUNTED = 10_000
_BATCH = 200


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep found.

    Attributes:
        unapplied: accepted events not yet decided; this and the next two are counted up to `COUNTED`.
        due: timers that are due and have not fired.
        undispatched: effects that are due for the relay.
        unknown: sends whose outcome became unknown in this sweep.
    """

    unapplied: int
    due: int
    undispatched: int
    unknown: int


def left_behind(store: Store, now: datetime, unknown: int) -> SweepReport:
    """Count what waits at `now` (UTC), however old; `unknown` is what the sweep has found already."""
    with store.connect() as connection:
        return SweepReport(
            _count(connection, select(inbox.c.event_id).where(inbox.c.dead_at.is_(None))),
            _count(connection, due_rows(connection, now, COUNTED)),
            _count(connection, due_effects(now, RELAYED, COUNTED)),
            unknown,
        )


def _count(connection: Connection, rows: Select[Any]) -> int:
    """After an outage millions may wait: nobody needs to know how many at every sweep."""
    some = rows.limit(COUNTED).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def abandon(store: Store, now: datetime) -> int:
    """Mark sends whose lease ran out in the middle: their outcome is unknown. How many there were."""
    with store.connect() as connection:
        found = [row.id for row in connection.execute(due_effects(now, [EffectState.SENDING], _BATCH))]
    if not found:
        return 0
    with store.begin() as transaction:
        stuck = select(outbox.c.id).where(
            outbox.c.id.in_(found), outbox.c.state == EffectState.SENDING, outbox.c.due_at <= now
        )
        if store.dialect == "postgresql":
            stuck = stuck.with_for_update(skip_locked=True)
        ids = [row[0] for row in transaction.connection.execute(stuck)]
        transaction.update_effects(
            [
                EffectUpdate(
                    one, EffectState.UNKNOWN, None, error="the worker that was sending it never came back"
                )
                for one in ids
            ]
        )
    return len(ids)
