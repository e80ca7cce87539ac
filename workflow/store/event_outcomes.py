"""What became of an accepted event: one query, from which every statement that asks it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Dialect,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from workflow.store.port import DEAD, PENDING, EventOutcome
from workflow.store.rows import instant
from workflow.store.schema import events, inbox, moves, subjects

UNDECIDED = type_coerce(
    case((inbox.c.dead_at.is_not(None), literal_column(f"'{DEAD}'")), else_=literal_column(f"'{PENDING}'")),
    Text,
)
"""The outcome of an event that no decision was taken about, by its row in the inbox."""
_OUTCOME = func.coalesce(moves.c.outcome, UNDECIDED)
_REASON = func.coalesce(moves.c.reason, inbox.c.error)
_COLUMNS = (
    events.c.source,
    events.c.event_id,
    subjects.c.key,
    _OUTCOME,
    _REASON,
    moves.c.dest,
    events.c.received_at,
)


def event_outcomes(among: FromClause = events) -> Select[Any]:
    """A query for the fields of `EventOutcome` without the data, of all events or of a join of `events`."""
    return (
        select(*_COLUMNS)
        .select_from(among)
        .join(subjects, subjects.c.id == events.c.subject_id)
        .outerjoin(moves, moves.c.event_id == events.c.id)
        .outerjoin(inbox, inbox.c.event_id == events.c.id)
    )


def outcomes_of(found: Iterable[Sequence[Any]]) -> list[EventOutcome]:
    """Outcomes out of rows of the query as either driver gives them."""
    return [
        EventOutcome(source, one, subject, outcome, reason, dest, instant(received_at))
        for source, one, subject, outcome, reason, dest, received_at in found
    ]


def sqlite_statement() -> str:
    """The query for one event: by its source and its id, in this order."""
    chosen = (events.c.source == bindparam("source"), events.c.event_id == bindparam("event_id"))
    return str(event_outcomes().where(*chosen).compile(dialect=SQLiteDialect_pysqlite()))


def postgresql_statement() -> str:
    """The query for many events: by the arrays `sources` and `event_ids`."""
    arrays = (bindparam("sources", type_=ARRAY(Text)), bindparam("event_ids", type_=ARRAY(Text)))
    wanted = func.unnest(*arrays).table_valued("source", "event_id").render_derived("wanted")
    same = and_(events.c.source == wanted.c.source, events.c.event_id == wanted.c.event_id)
    dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    return str(event_outcomes(wanted.join(events, same)).compile(dialect=dialect))
