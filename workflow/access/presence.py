"""Who else looks at a subject: people with its page open, as far as their browsers have said so lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from workflow.access.people import Person
from workflow.store import schema
from workflow.store.port import Store

HERE = timedelta(seconds=45)
"""So long after their browser last said so somebody counts as being there; it says so every `SAID`."""
SAID = timedelta(seconds=15)
_KEPT = timedelta(minutes=10)
_SOON = text("set local synchronous_commit = off")
_PRESENCE, _PERSON = schema.presence.c, schema.people.c


@dataclass(frozen=True, slots=True)
class Looking:
    """Somebody who looks at a subject: their address, their name, and since when, UTC."""

    address: str
    name: str
    since: datetime


def note(store: Store, subject: str, person: Person, now: datetime) -> None:
    """Somebody looks at this subject now. What was noted long ago is forgotten with it."""
    insert = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
    made = insert(schema.presence).values(subject=subject, person_id=person.id, since=now, seen_at=now)
    was_gone = _PRESENCE.seen_at <= now - HERE
    again = made.on_conflict_do_update(
        index_elements=["subject", "person_id"],
        set_={"seen_at": now, "since": case((was_gone, now), else_=_PRESENCE.since)},
    )
    with store.begin() as transaction:
        _do_not_wait_for_the_disk(store, transaction.connection)
        transaction.connection.execute(again)
    with store.begin() as transaction:  # of its own: it may meet another's, and waits for no row of theirs
        _do_not_wait_for_the_disk(store, transaction.connection)
        transaction.connection.execute(delete(schema.presence).where(_PRESENCE.seen_at < now - _KEPT))


def _do_not_wait_for_the_disk(store: Store, connection: Connection) -> None:
    """What a crash may take is said anew within `SAID`, and every page of a case that opens would wait."""
    if store.dialect == "postgresql":
        connection.execute(_SOON)


def leave(store: Store, subject: str, person: Person) -> None:
    """Somebody has closed the page of this subject."""
    theirs = (_PRESENCE.subject == subject, _PRESENCE.person_id == person.id)
    with store.begin() as transaction:
        _do_not_wait_for_the_disk(store, transaction.connection)
        transaction.connection.execute(delete(schema.presence).where(*theirs))


def others(store: Store, subject: str, person: Person | None, now: datetime) -> list[Looking]:
    """Who looks at this subject besides this person, whoever came first first."""
    query = (
        select(_PERSON.address, _PERSON.name, _PRESENCE.since)
        .join_from(schema.presence, schema.people, _PERSON.id == _PRESENCE.person_id)
        .where(_PRESENCE.subject == subject, _PRESENCE.seen_at > now - HERE)
        .order_by(_PRESENCE.since, _PERSON.address)
    )
    if person is not None:
        query = query.where(_PRESENCE.person_id != person.id)
    with store.connect() as connection:
        return [Looking(*row) for row in connection.execute(query)]
