"""Attempts to sign in. After some wrong passwords in a row the next has to wait, longer each time.

What is counted is the address that was tried, whether anybody is known by it or not: nobody learns from an
answer who is. A right password ends the count; so does a link by which a new one is chosen.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from workflow.access import passwords
from workflow.access.keys import digest
from workflow.access.people import PERSON_COLUMNS, Person, address_of, person_of
from workflow.errors import MakegoodError
from workflow.store import schema
from workflow.store.port import Store

FREE = 5
"""Wrong passwords in a row before the first wait."""
LONGEST = timedelta(minutes=15)
_FORGOTTEN = timedelta(days=1)
_ATTEMPT, _PERSON = schema.failed_attempts.c, schema.people.c


class WrongPassword(MakegoodError):
    """Nobody who may sign in is known by this address with this password."""


class TooManyAttempts(MakegoodError):
    """The next attempt with this address is looked at in so many seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many wrong passwords; try again in {seconds} seconds")


def attempt(store: Store, address: str, password: str, now: datetime) -> Person:
    """Who that is. Raises WrongPassword, or TooManyAttempts without having looked at the password."""
    spelt = address_of(address)
    name = digest(spelt)
    with store.connect() as connection:
        failed = connection.execute(
            select(_ATTEMPT.count.label("failures"), _ATTEMPT.last_at).where(_ATTEMPT.name == name)
        ).first()
        query = select(*PERSON_COLUMNS, _PERSON.password).where(_PERSON.address == spelt)
        row = connection.execute(query).first()
    if failed is not None and (left := _wait(failed.failures, failed.last_at) - now) > timedelta():
        raise TooManyAttempts(ceil(left.total_seconds()))
    known = row if row is not None and row.disabled_at is None else None
    if not passwords.is_right(None if known is None else known.password, password):
        _note(store, name, now)
        raise WrongPassword("address or password is wrong")
    if failed is not None:
        with store.begin() as transaction:
            transaction.connection.execute(delete(schema.failed_attempts).where(_ATTEMPT.name == name))
    assert known is not None
    return person_of(known)


def _wait(count: int, last_at: datetime) -> datetime:
    """From when on the next attempt is looked at."""
    if count < FREE:
        return last_at
    return last_at + min(LONGEST, timedelta(seconds=2 ** min(count - FREE + 1, 20)))


def _note(store: Store, name: str, now: datetime) -> None:
    """Count one more; what is a day old is forgotten."""
    dialect = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
    with store.begin() as transaction:
        execute = transaction.connection.execute
        execute(delete(schema.failed_attempts).where(_ATTEMPT.last_at < now - _FORGOTTEN))
        made = dialect(schema.failed_attempts).values(name=name, count=1, last_at=now)
        more = made.on_conflict_do_update(
            index_elements=["name"], set_={"count": _ATTEMPT.count + 1, "last_at": now}
        )
        execute(more)
