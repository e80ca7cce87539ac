"""Down to the cases: the subjects behind a figure, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from workflow.queries.cursor import fetch_page, row_of
from workflow.recovery.barometer.question import Question
from workflow.store import schema
from workflow.store.port import Store

_FIGURE, _SUBJECT = schema.figures.c, schema.subjects.c


@dataclass(frozen=True, slots=True)
class CountedSubject:
    """One subject as the barometer counts it.

    Attributes:
        subject, state: its key, and where it is in its lifecycle.
        case: key of its case; None for one that has none.
        at: the instant by which it was counted, UTC.
        minutes: whole minutes from its opening until it was settled.
        count: what its lifecycle counts, such as hand-overs.
    """

    subject: str
    state: str
    case: str | None
    at: datetime
    outcome: str
    kind: str | None
    team: str | None
    cause: str | None
    part: str | None
    channel: str | None
    minutes: int | None
    count: int | None


@dataclass(frozen=True, slots=True)
class CountedPage:
    """Some of them, and the cursor of the next page (None: that was all)."""

    items: list[CountedSubject]
    next: str | None


_COLUMNS = (
    _SUBJECT.key,
    _SUBJECT.state,
    _FIGURE.case_key,
    _FIGURE.at,
    *(_FIGURE[name] for name in ("outcome", "kind", "team", "cause", "part", "channel", "minutes", "count")),
)


def counted(store: Store, question: Question, *, limit: int = 100, cursor: str | None = None) -> CountedPage:
    """The subjects that a question counts, the oldest row first. Raises InvalidQuery for a wrong cursor."""
    statement = (
        select(_FIGURE.subject_id, *_COLUMNS)
        .join_from(schema.figures, schema.subjects, _SUBJECT.id == _FIGURE.subject_id)
        .where(question.chosen(), _FIGURE.subject_id > row_of(cursor))
        .order_by(_FIGURE.subject_id)
    )
    with store.connect() as connection:
        rows, more = fetch_page(connection, statement, limit)
    return CountedPage([CountedSubject(*tuple(row)[1:]) for row in rows], more)
