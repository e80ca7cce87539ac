"""Promises of a state that few are in, found by that state: a list by time would look at all others first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from workflow.queries.subjects import SUBJECT_COLUMNS
from workflow.search.filling import filling
from workflow.store import schema
from workflow.store.many_keys import Many, of_each

FEW = 1_000
"""So many are looked at to show the first of them; of more, a list by time has some soon."""
_STANDING = schema.standing.c


def few_of(connection: Connection, lifecycle: str, states: Sequence[str]) -> list[int] | None:
    """Rows of all subjects in these states; None where they are many, or not all known by their state yet."""
    if not filling(connection).is_done:
        return None
    found: list[int] = []
    for state in states:
        query = select(_STANDING.subject_id).where(_STANDING.lifecycle == lifecycle, _STANDING.state == state)
        found += connection.scalars(query.order_by(_STANDING.subject_id).limit(FEW + 1))
    return None if len(found) > FEW else found


def deadlines_of(connection: Connection, subjects: Sequence[int], timer: str) -> list[tuple[datetime, int]]:
    """By when each is due by this timer (UTC), with its row, the earliest first; none without it."""
    if not subjects:
        return []
    at = schema.timers.c
    query = of_each(
        connection, _rows(subjects), [at.due_at, at.subject_id], schema.timers,
        lambda one: and_(at.subject_id == one.c.subject_id, at.name == timer, at.due_at.is_not(None)),
    )  # fmt: skip
    return sorted((row.due_at, row.subject_id) for row in connection.execute(query))


def instants_of(connection: Connection, subjects: Sequence[int], outcome: str) -> list[tuple[datetime, int]]:
    """When each was counted with this outcome (UTC), with its row, the last first."""
    if not subjects:
        return []
    at = schema.figures.c
    query = of_each(
        connection, _rows(subjects), [at.at, at.subject_id], schema.figures,
        lambda one: and_(at.subject_id == one.c.subject_id, at.outcome == outcome),
    )  # fmt: skip
    return sorted(((row.at, row.subject_id) for row in connection.execute(query)), reverse=True)


def shown_of(connection: Connection, some: Sequence[tuple[datetime, int]]) -> list[Sequence[Any]]:
    """The instant, the row and the columns of each subject, in this order."""
    if not some:
        return []
    own = schema.subjects.c
    query = of_each(
        connection, _rows([row for _, row in some]), [own.id, *SUBJECT_COLUMNS], schema.subjects,
        lambda one: own.id == one.c.subject_id,
    )  # fmt: skip
    known: dict[int, Row[Any]] = {one[0]: one for one in connection.execute(query)}
    return [(at, row, *known[row][1:]) for at, row in some if row in known]


def _rows(subjects: Sequence[int]) -> Many:
    return {"subject_id": (schema.subjects.c.id.type, subjects)}
