"""What a store is for: it has run in earnest, or it is a sandbox's, or a rehearsal's, and never two of them.

A sandbox's clock is moved over hours and days. Moved over a store that is real, it would break promises that
have not been broken; and what a sandbox holds has happened at no time of the world's. What a rehearsal holds
was sent by test keys: a worker that has channels must never take it for something that is to be sent.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite

from workflow.clock import Clock, SandboxClock, SystemClock
from workflow.errors import StoreError
from workflow.store import schema
from workflow.store.port import Store


class Purpose(StrEnum):
    """What a store is for."""

    EARNEST = "earnest"
    """It has run on the machine's clock, which goes by itself."""
    SANDBOX = "sandbox"
    """It runs on a clock that stands still until it is moved."""
    REHEARSAL = "rehearsal"
    """It runs on the machine's clock and holds what test keys sent: nothing of it goes out."""

    @classmethod
    def of(cls, clock: Clock) -> Purpose:
        """What a store is for that runs on this clock."""
        return cls.SANDBOX if isinstance(clock, SandboxClock) else cls.EARNEST


_REFUSALS = {
    Purpose.EARNEST: "database: it has run in earnest: no sandbox's clock must be moved over it, and no test "
    "key write to it; give the sandbox its own MAKEGOOD_DATABASE_URL or MAKEGOOD_DATA_DIR, and test keys "
    "their own MAKEGOOD_REHEARSAL_DATABASE_URL [earnest]",
    Purpose.SANDBOX: "database: it is a sandbox's, and does not run on a clock that goes by itself; use "
    "`makegood up --sandbox` (other commands: MAKEGOOD_CLOCK=sandbox:<data directory>/clock), or another "
    "MAKEGOOD_DATABASE_URL or MAKEGOOD_DATA_DIR [sandbox]",
    Purpose.REHEARSAL: "database: it holds what test keys sent, of which nothing must go out; use another "
    "MAKEGOOD_DATABASE_URL [rehearsal]",
}


def known_purpose(store: Store) -> Purpose | None:
    """What it is marked as; None for a store that nothing has run on. Of any schema, or none."""
    with store.connect() as connection:
        tables = inspect(connection)
        if tables.has_table(schema.purpose.name):
            kind = connection.scalar(select(schema.purpose.c.kind))
            return None if kind is None else Purpose(kind)
        older = tables.has_table(schema.definitions.name)
        has_run = older and connection.scalar(select(schema.definitions.c.version).limit(1)) is not None
        return Purpose.EARNEST if has_run else None


def refuse_another(store: Store, purpose: Purpose) -> None:
    """Raise StoreError, naming the rule, where the store is marked as something else than this."""
    known = known_purpose(store)
    if known not in (None, purpose):
        raise StoreError(_REFUSALS[known])


def claim(store: Store, clock: Clock, wanted: Purpose | None = None) -> None:
    """Mark the store as `wanted`, or as what this clock makes of it; a sandbox's clock then stands where its
    store says.

    Raises StoreError, naming the rule, where it is marked as something else.
    """
    wanted, real = wanted or Purpose.of(clock), SystemClock().now()
    if wanted is Purpose.EARNEST and not _can_be_marked(store):
        return  # of an older schema: the migration marks it
    refuse_another(store, wanted)
    row: dict[str, object] = {"id": 1, "kind": wanted.value, "since": real}
    if isinstance(clock, SandboxClock):
        row["stands_at"] = clock.now() if clock.path.exists() else real.replace(microsecond=0)
    insert = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
    known = select(schema.purpose.c.kind, schema.purpose.c.stands_at)
    with store.connect() as connection:
        found = connection.execute(known).one_or_none()
    if found is None:
        with store.begin() as transaction:
            transaction.connection.execute(insert(schema.purpose).values(row).on_conflict_do_nothing())
            found = transaction.connection.execute(known).one()
        if found.kind != wanted:  # of two who came at once the other was first
            raise StoreError(_REFUSALS[Purpose(found.kind)])
    if isinstance(clock, SandboxClock):
        _agree(store, clock, found.stands_at)


def _can_be_marked(store: Store) -> bool:
    with store.connect() as connection:
        return inspect(connection).has_table(schema.purpose.name)


def _agree(store: Store, clock: SandboxClock, stood_at: datetime) -> None:
    """The later of both is right: the file may be gone or behind the last move, or the store restored."""
    stands_at = clock.begin(stood_at)
    if stands_at > stood_at:
        with store.begin() as transaction:
            transaction.connection.execute(update(schema.purpose).values(stands_at=stands_at))
