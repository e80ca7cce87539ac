"""How late timers are, by lifecycle: those that are due now, and those that were decided last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, literal, select, union_all

from workflow.store import schema
from workflow.store.port import Store

MOST = 1_000
"""Due timers of a lifecycle that are counted."""
LAST = 1_000
"""Decisions that are looked back at."""
_TIMER, _MOVE, _SUBJECT = schema.timers.c, schema.moves.c, schema.subjects.c


@dataclass(frozen=True, slots=True)
class Late:
    """Timers of one lifecycle.

    Attributes:
        due: how many are due and not decided, no further than `MOST`. oldest: since when the first is, UTC.
        decided: of the last decisions, those that timers brought; half of them within `median`, all within
            `worst` of the instant at which they were due.
    """

    lifecycle: str
    due: int = 0
    oldest: datetime | None = None
    decided: int = 0
    median: timedelta | None = None
    worst: timedelta | None = None


def late_timers(store: Store, lifecycles: Iterable[str], now: datetime) -> list[Late]:
    """Of these lifecycles, those with timers that are due or were decided lately; by name."""
    with store.connect() as connection:
        waiting = _waiting(connection, sorted(lifecycles), now)
        decided = _decided(connection)
    found = []
    for name in sorted(waiting.keys() | decided.keys()):
        due, oldest = waiting.get(name, (0, None))
        late = sorted(decided.get(name, []))
        half, worst = (late[len(late) // 2], late[-1]) if late else (None, None)
        found.append(Late(name, due, oldest, len(late), half, worst))
    return found


def _waiting(connection: Connection, names: list[str], now: datetime) -> dict[str, tuple[int, datetime]]:
    """How many are due of each, and the first; each is read by the index, as far as it is counted."""
    parts = []
    for name in names:
        some = (
            select(_TIMER.due_at)
            .where(_TIMER.lifecycle == name, _TIMER.due_at <= now)
            .order_by(_TIMER.due_at)
            .limit(MOST)
            .subquery()
        )
        oldest = func.min(some.c.due_at, type_=_TIMER.due_at.type).label("oldest")
        parts.append(select(literal(name).label("name"), func.count().label("due"), oldest).select_from(some))
    if not parts:
        return {}
    rows = connection.execute(union_all(*parts)).all()
    return {row.name: (row.due, row.oldest) for row in rows if row.due}


def _decided(connection: Connection) -> dict[str, list[timedelta]]:
    """How late each timer was among the last decisions, by lifecycle."""
    newest = connection.scalar(select(func.max(_MOVE.id))) or 0
    query = (
        select(_SUBJECT.lifecycle, _MOVE.at, _MOVE.due_at)
        .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .where(_MOVE.id > newest - LAST, _MOVE.due_at.is_not(None))
    )
    found: dict[str, list[timedelta]] = defaultdict(list)
    for lifecycle, at, due_at in connection.execute(query):
        found[lifecycle].append(max(timedelta(0), at - due_at))
    return found
