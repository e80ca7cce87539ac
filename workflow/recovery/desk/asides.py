"""Words between a supervisor and whoever has a call or an escalation: in its ledger, told to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from state_machines.asides import TRIGGER
from state_machines.subject import split_key
from workflow.engine.engine import Engine
from workflow.store.keys import key_is
from workflow.store.own_sources import ASIDE_SOURCE
from workflow.store.port import NewEvent, Store
from workflow.store.schema import events, subjects

MOST_WORDS = 500
"""Characters of one."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Aside:
    """One of them: who said it (an address), in which words, and when, UTC."""

    by: str
    words: str
    at: datetime


def say(engine: Engine, key: str, by: str, words: str, id: str) -> None:
    """Say one about a subject that there is; under the same id it is said once."""
    name, now = split_key(key)[0], engine.clock.now()
    version = engine.registry.latest(name).version
    event = NewEvent(
        ASIDE_SOURCE, f"{key}/{id}", key, name, version, f"{name}.{TRIGGER}", now,
        {"by": by, "words": words}, None, actor=f"person:{by}",
    )  # fmt: skip
    with engine.store.begin() as transaction:
        transaction.accept([event], now)


def asides(store: Store, key: str) -> list[Aside]:
    """The newest of one subject, the oldest of them first."""
    query = (
        select(events.c.data, events.c.time)
        .join(subjects, subjects.c.id == events.c.subject_id)
        .where(key_is(subjects.c.key, key), events.c.source == ASIDE_SOURCE)
        .order_by(events.c.id.desc())
        .limit(_SHOWN)
    )
    with store.connect() as connection:
        rows = connection.execute(query).all()
    return [Aside(row.data["by"], row.data["words"], row.time) for row in reversed(rows)]
