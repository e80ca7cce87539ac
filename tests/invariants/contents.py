"""What a store holds, in words that do not depend on how rows came to be numbered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from workflow.store.port import Store
from workflow.store.schema import events, inbox, moves, outbox, subjects, timers

_SUBJECT = subjects.c.key.label("subject")


def _of_subjects(table: Any, *columns: Any) -> Select[Any]:
    return select(_SUBJECT, *columns).join(subjects, subjects.c.id == table.c.subject_id)


_QUESTIONS: dict[str, Select[Any]] = {
    "subjects": select(*[column for column in subjects.c if column.name != "id"]),
    "events": _of_subjects(events, events.c.source, events.c.event_id, events.c.type, events.c.data),
    "inbox": _of_subjects(inbox, inbox.c.error),
    "moves": select(
        _SUBJECT, *[column for column in moves.c if column.name not in ("id", "subject_id", "event_id")]
    )
    .add_columns(events.c.event_id.label("cause"))
    .join(subjects, subjects.c.id == moves.c.subject_id)
    .outerjoin(events, events.c.id == moves.c.event_id),
    "timers": _of_subjects(timers, *[column for column in timers.c if column.name != "subject_id"]),
    "outbox": _of_subjects(
        outbox, outbox.c.key, outbox.c.kind, outbox.c.target, outbox.c.queue, outbox.c.payload, outbox.c.state
    ),
}


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every table's rows, each as its fields by name, in an order of their own."""
    with store.connect() as connection:
        return {
            name: sorted((dict(row._mapping) for row in connection.execute(question)), key=repr)
            for name, question in _QUESTIONS.items()
        }
