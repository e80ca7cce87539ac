"""What a lost message or a killed worker left behind is found here, however old it is.

Due timers, unapplied events and published effects are found by the scheduler itself, since claims ask SQL
what is due and nothing else. What needs more is a send that was begun and never finished: nobody knows
whether it went out, so its outcome becomes `unknown`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from workflow.outbox.due_effects import ABANDONED
from workflow.store.effect_states import EffectState
from workflow.store.port import EffectUpdate, Store
from workflow.store.schema import outbox

_BATCH = 200
_NEVER_CAME_BACK = "the worker that was sending it never came back"


def abandon(store: Store, now: datetime) -> int:
    """Mark sends whose lease ran out in the middle: their outcome is unknown. How many there were."""
    with store.connect() as connection:
        found = [row.id for row in ABANDONED.rows(connection, now, _BATCH)]
    if not found:
        return 0
    with store.begin() as transaction:
        stuck = select(outbox.c.id, outbox.c.receipt).where(
            outbox.c.id.in_(found), outbox.c.state == EffectState.SENDING, outbox.c.due_at <= now
        )
        if store.dialect == "postgresql":
            stuck = stuck.with_for_update(skip_locked=True)
        lost = [
            # What it was sent together with stays known.
            EffectUpdate(one, EffectState.UNKNOWN, None, receipt=receipt, error=_NEVER_CAME_BACK)
            for one, receipt in transaction.connection.execute(stuck)
        ]
        transaction.update_effects(lost)
    return len(lost)
