"""The store that a replay runs in: a temporary one, or a database that nothing else lives in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from state_machines.errors import Problem
from workflow.engine.fan_out import SOURCE as OWN_SOURCE
from workflow.errors import StoreError
from workflow.replay.refusal import ReplayRefused
from workflow.settings import sqlite_url
from workflow.store.migrating import migrate_connection
from workflow.store.opening import open_store
from workflow.store.port import Store
from workflow.store.schema import events


@contextmanager
def replay_store(url: str | None, source: str) -> Iterator[Store]:
    """The store at `url`, migrated; without a URL an SQLite file that is gone at the end.

    Since the clock of a replay is not the world's, a database that holds anything but an earlier replay
    of the same source is refused: its timers would fire years early or late.

    Raises:
        ReplayRefused: the database cannot be used, or is in use.
    """
    if url is not None:
        with _opened(url, source, durable=True) as store:
            yield store
        return
    with tempfile.TemporaryDirectory(prefix="makegood-replay-") as directory:
        file = Path(directory) / "replay.db"
        with _opened(sqlite_url(file), source, durable=False) as store:
            yield store


@contextmanager
def _opened(url: str, source: str, *, durable: bool) -> Iterator[Store]:
    try:
        store = open_store(url, durable=durable, patient=True)
    except StoreError as error:
        raise _refused("database", str(error)) from None
    try:
        _prepare(store, source)
        yield store
    finally:
        store.close()


def _prepare(store: Store, source: str) -> None:
    try:
        with store.begin() as transaction:
            migrate_connection(transaction.connection)
            strange = transaction.connection.execute(
                select(events.c.source).where(events.c.source.not_in([source, OWN_SOURCE])).limit(1)
            ).scalar()
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        raise _refused("database", f"the database cannot be used: {cause}") from None
    if strange is not None:
        raise _refused(
            "store-in-use", f"the database holds events from {strange!r}; a replay needs one of its own"
        )


def _refused(rule: str, message: str) -> ReplayRefused:
    return ReplayRefused([Problem("--database-url", rule, message)])
