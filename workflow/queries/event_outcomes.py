"""What became of an event, by whoever may read: one event, several, or all of a source."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, tuple_

from workflow.store.event_outcomes import MORE_COLUMNS, event_outcomes
from workflow.store.keys import key_is
from workflow.store.port import EventOutcome, Store
from workflow.store.schema import events

_AT_A_TIME = 2000
_TOGETHER = 200


def event_outcome(store: Store, source: str, event_id: str) -> EventOutcome | None:
    """What became of the event, with its data; None when there is no such event."""
    with store.connect() as connection:
        return event_outcome_within(connection, source, event_id)


def event_outcome_within(connection: Connection, source: str, event_id: str) -> EventOutcome | None:
    """The same over a connection that reads more."""
    chosen = (events.c.source == source, events.c.event_id == event_id)
    row = connection.execute(event_outcomes().add_columns(*MORE_COLUMNS).where(*chosen)).first()
    return None if row is None else EventOutcome(*row)


def event_row(store: Store, source: str, event_id: str) -> int | None:
    """The event's place in the ledger; None when there is no such event."""
    chosen = (key_is(events.c.source, source), key_is(events.c.event_id, event_id))
    with store.connect() as connection:
        return connection.scalar(select(events.c.id).where(*chosen))


def outcomes_of(store: Store, identities: Sequence[tuple[str, str]]) -> list[EventOutcome]:
    """What became of these events, by (source, event id), with their data; unknown ones are left out."""
    found: list[EventOutcome] = []
    with store.connect() as connection:
        for start in range(0, len(identities), _TOGETHER):
            some = tuple_(events.c.source, events.c.event_id).in_(identities[start : start + _TOGETHER])
            query = event_outcomes().add_columns(*MORE_COLUMNS).where(some)
            found += [EventOutcome(*row) for row in connection.execute(query)]
    return found


def outcomes_of_source(store: Store, source: str) -> dict[str, EventOutcome]:
    """What became of all events of a source, by event id: the outcomes alone."""
    query = event_outcomes().where(events.c.source == source)
    with store.connect() as connection:
        rows = connection.execution_options(yield_per=_AT_A_TIME).execute(query)
        return {row.event_id: EventOutcome(*row) for row in rows}
