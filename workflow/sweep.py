"""What a lost message or a killed worker left behind is found here, however old it is.

Due timers, unapplied events and published effects are found by the clock itself, since claims ask
SQL what is due and nothing else. What needs more is a send that was begun and never finished:
nobody knows whether it went out, so a person must decide.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, func, literal, select

from workflow.clock import Clock
from workflow.cloudevent import CloudEvent
from workflow.engine import Engine
from workflow.outbox import EffectState
from workflow.store.port import EffectUpdate, Store
from workflow.store.schema import inbox, outbox, subjects, timers

_BATCH = 200
_SOURCE = "/makegood/sweep"


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep found.

    Attributes:
        unapplied: accepted events not yet decided.
        due: timers that are due and have not fired.
        undispatched: effects that are due for the relay.
        unknown: sends whose outcome became unknown in this sweep; each has a person now.
    """

    unapplied: int
    due: int
    undispatched: int
    unknown: int


def sweep(engine: Engine, clock: Clock) -> SweepReport:
    """Turn abandoned sends over to people, and count what waits."""
    now = clock.now()
    abandoned = _abandon(engine.store, now)
    unknown = _escalate(engine, now)
    with engine.store.connect() as connection:
        unapplied = connection.execute(select(func.count()).where(inbox.c.dead_at.is_(None))).scalar_one()
        due = connection.execute(select(func.count()).where(timers.c.due_at <= now)).scalar_one()
        waiting = connection.execute(
            select(func.count()).where(outbox.c.due_at <= now, outbox.c.state != EffectState.SENDING)
        ).scalar_one()
    return SweepReport(unapplied, due, waiting, max(abandoned, unknown))


def _abandon(store: Store, now: datetime) -> int:
    """Sends whose lease ran out in the middle: their outcome is unknown."""
    stuck = (
        select(outbox.c.id).where(outbox.c.state == EffectState.SENDING, outbox.c.due_at <= now).limit(_BATCH)
    )
    with store.connect() as connection:
        if connection.execute(stuck.limit(1)).first() is None:
            return 0
    with store.begin() as transaction:
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


def _escalate(engine: Engine, now: datetime) -> int:
    """Open an escalation for each unknown outcome that has none. The event's id is the effect's key,
    so that any number of sweeps opens it once."""
    escalation = subjects.alias("escalation")
    key = literal("escalation:effect-") + cast(outbox.c.id, Text)
    escalated = select(escalation.c.id).where(escalation.c.key == key).exists()
    query = (
        select(outbox.c.id, outbox.c.key, outbox.c.target, outbox.c.error, subjects.c.key.label("subject"))
        .join(subjects, subjects.c.id == outbox.c.subject_id)
        .where(outbox.c.state == EffectState.UNKNOWN, ~escalated)
        .order_by(outbox.c.id)
        .limit(_BATCH)
    )
    with engine.store.connect() as connection:
        rows = connection.execute(query).all()
    if rows:
        engine.accept([_event(*row, now) for row in rows])
    return len(rows)


def _event(effect: int, key: str, target: str, error: str | None, subject: str, now: datetime) -> CloudEvent:
    data = {
        "about": "unknown_outcome",
        "words": f"Nobody knows whether this went out over {target}: {error}. Find out and settle it.",
        "effect": key,
        "subject": subject,
    }
    return CloudEvent(
        f"{key}/unknown", _SOURCE, "escalation.open", f"escalation:effect-{effect}", now, data, parent=subject
    )
