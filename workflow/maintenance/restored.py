"""After a restore: the database is as it was at some earlier time, and the world is not.

What was due in the time that is lost may have been told to people, and nobody here knows. So it is decided as
it would have been, and what it asks to be said goes to a person as any send of unknown outcome does: it is
neither said twice nor forgotten. What the other side knows by its key goes again by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, ColumnElement, and_, or_, select, type_coerce

from state_machines.errors import Problem
from workflow.clock import VirtualClock
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.engine import Engine
from workflow.engine.runtime import Runtime
from workflow.engine.turns import decide_all
from workflow.errors import InvalidQuery
from workflow.outbox import effects
from workflow.store.effect_states import EffectState
from workflow.store.port import Store
from workflow.store.schema import outbox

_BATCH = 500
_WHY = "the database was restored to an earlier time: it may have gone out since"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    Attributes:
        decided: events and timers that were decided as of when the installation stopped.
        asked: notices, and tasks that must not be sent again unasked: each goes to a person.
        again: effects that go again by themselves, since a repetition is known by its key or stays here.
    """

    decided: int
    asked: int
    again: int


def settle_past(runtime: Runtime, stopped_at: datetime, repeatable: Collection[str]) -> Restored:
    """Bring a restored database to the instant at which the installation stopped; nothing is sent.

    Only while nothing else works on the database. Safe to run twice.

    Args:
        stopped_at: until then the lost installation may have told people, UTC.
        repeatable: channels whose receivers know a repetition, or that lead to nobody outside.

    Raises:
        InvalidQuery: the instant is still to come.
    """
    if stopped_at > runtime.clock.now():
        raise InvalidQuery([Problem("stopped-at", "future", f"{stopped_at.isoformat()} is still to come")])
    # Decided as of then, so that what is due later falls due as it would have.
    tasks = AllowedTasks.of(runtime.settings.job_tasks)
    engine = Engine(runtime.store, runtime.registry, VirtualClock(stopped_at), tasks)
    decided, more, asked = 0, True, 0
    while more:
        done = decide_all(engine, runtime.settings)
        decided, more = decided + done.decided, done.more
    while found := _doubtful(runtime.store, stopped_at, repeatable):
        effects.unknown(runtime.store, [(one, _WHY) for one in found])
        asked += len(found)
    return Restored(decided, asked, _waiting(runtime.store, stopped_at))


_ON_ITS_WAY = outbox.c.state.in_([EffectState.PUBLISHED, EffectState.SENDING])


def _doubtful(store: Store, stopped_at: datetime, repeatable: Collection[str]) -> list[int]:
    """Some of the effects that may have gone out until then, and must not go again unasked."""
    asks = type_coerce(outbox.c.payload, JSON)["repeat"].as_string() == "ask"
    told = and_(outbox.c.kind == "notice", outbox.c.target.not_in(repeatable))
    query = (
        select(outbox.c.id)
        .where(_gone_by(stopped_at), or_(told, and_(outbox.c.kind == "task", asks)))
        .order_by(outbox.c.id)
        .limit(_BATCH)
    )
    with store.connect() as connection:
        return list(connection.scalars(query))


def _waiting(store: Store, stopped_at: datetime) -> int:
    with store.connect() as connection:
        return len(connection.scalars(select(outbox.c.id).where(_gone_by(stopped_at))).all())


def _gone_by(stopped_at: datetime) -> ColumnElement[bool]:
    """The condition that an effect may have gone out until then. One that waits for later has not."""
    due = and_(outbox.c.state == EffectState.PENDING, outbox.c.due_at <= stopped_at)
    return or_(_ON_ITS_WAY, due)
