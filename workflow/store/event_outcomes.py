"""What became of an accepted event: one query, from which the statements of both adapters are made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, Select, Text, case, cast, func, literal_column, select, type_coerce

from workflow.store.port import DEAD, DISCARDED, PENDING
from workflow.store.schema import discards, events, inbox, moves, subjects

UNDECIDED = type_coerce(
    case((inbox.c.dead_at.is_not(None), literal_column(f"'{DEAD}'")), else_=literal_column(f"'{PENDING}'")),
    Text,
)
"""The outcome of an event that no decision was taken about, by its row in the inbox."""
_DROPPED = type_coerce(case((discards.c.id.is_not(None), literal_column(f"'{DISCARDED}'"))), Text)
_OUTCOME = func.coalesce(moves.c.outcome, _DROPPED, UNDECIDED)
_REASON = func.coalesce(moves.c.reason, discards.c.reason, inbox.c.error)
_COLUMNS = (events.c.source, events.c.event_id, subjects.c.key, _OUTCOME, _REASON)
_AT = func.coalesce(moves.c.at, discards.c.at, type_=moves.c.at.type)
MORE_COLUMNS = (moves.c.dest, events.c.received_at, events.c.data, moves.c.seq, _AT, events.c.request_id)
"""What may be asked for beside the outcome: the further fields of `EventOutcome`."""

SAID_COLUMNS = (
    events.c.type, events.c.time, events.c.received_at, cast(events.c.data, Text), events.c.parent,
    events.c.effect, events.c.expected_revision,
)  # fmt: skip
"""What an event said: the further fields of `KnownEvent`. The data as text, which no driver decodes."""


def event_outcomes(among: FromClause = events) -> Select[Any]:
    """A query for the outcome of each event of a join of `events`: the first fields of `EventOutcome`."""
    return (
        select(*_COLUMNS)
        .select_from(among)
        .join(subjects, subjects.c.id == events.c.subject_id)
        .outerjoin(moves, moves.c.event_id == events.c.id)
        .outerjoin(discards, discards.c.event_id == events.c.id)
        .outerjoin(inbox, inbox.c.event_id == events.c.id)
    )
