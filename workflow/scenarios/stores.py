"""Stores for scenarios: each gets an empty one, on SQLite without a thought for durability.

A process has one, which is emptied between two scenarios: what was prepared for its statements is kept.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import uuid4

from sqlalchemy import create_engine, delete, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from workflow.errors import StoreError
from workflow.settings import sqlite_url
from workflow.store import migrate, open_store
from workflow.store.port import Store
from workflow.store.schema import metadata

_COUNT_ANEW = text(
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
    " FROM pg_sequences WHERE schemaname = current_schema()"
)
"""Ids stand in keys and in the story: each scenario sees them from the first, as in a store of its own."""
Kind = Literal["sqlite", "postgresql"]


class Stores(Protocol):
    """Where scenarios get their stores from, one after another."""

    def empty(self) -> AbstractContextManager[Store]:
        """A migrated store in which nothing is."""


@contextmanager
def stores_of(kind: Kind, url: str) -> Iterator[Stores]:
    """Stores of one process; nothing of them is left at the end.

    Args:
        url: of a PostgreSQL server, on which a database is made and dropped; of no meaning for SQLite.

    Raises:
        StoreError: a database cannot be made there.
    """
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="makegood-test-") as directory, _file(Path(directory)) as own:
            yield SqliteStores(*own)
        return
    with _database(url) as own:
        store = open_store(own)
        try:
            yield PostgresStores(store)
        finally:
            store.close()


class SqliteStores:
    """One file, made again what it was when it was migrated: to migrate takes ten times as long."""

    def __init__(self, migrated: sqlite3.Connection, store: Store) -> None:
        self._migrated = migrated
        self._store = store

    @contextmanager
    def empty(self) -> Iterator[Store]:
        """The store, with nothing in it."""
        with self._store.connect() as connection:
            file: Any = connection.connection.driver_connection
            self._migrated.backup(file)
        yield self._store


class PostgresStores:
    """One database, emptied between two scenarios: to make one takes far longer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def empty(self) -> Iterator[Store]:
        """The store, with nothing in it."""
        with self._store.begin() as transaction:
            for table in reversed(metadata.sorted_tables):
                transaction.connection.execute(delete(table))
            transaction.connection.execute(_COUNT_ANEW)
        yield self._store


@contextmanager
def _file(directory: Path) -> Iterator[tuple[sqlite3.Connection, Store]]:
    """A database that was migrated, and a store that is to be like it."""
    template = directory / "template.db"
    migrate(sqlite_url(template))
    with closing(sqlite3.connect(template)) as migrated:
        store = open_store(sqlite_url(directory / "scenario.db"), durable=False)
        try:
            yield migrated, store
        finally:
            store.close()


@contextmanager
def _database(url: str) -> Iterator[str]:
    """The URL of a fresh, migrated database on a server, dropped at the end."""
    server = make_url(url)
    if server.get_backend_name() != "postgresql":
        raise StoreError("MAKEGOOD_DATABASE_URL: names no PostgreSQL server, which --store postgresql needs")
    name = f"makegood_test_{os.getpid()}_{uuid4().hex[:8]}"
    _execute(server, f'CREATE DATABASE "{name}"')
    own = server.set(database=name).render_as_string(hide_password=False)
    try:
        migrate(own)
        yield own
    finally:
        _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _execute(server: URL, statement: str) -> None:
    engine = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        raise StoreError(
            f"MAKEGOOD_DATABASE_URL: {statement.partition(' ')[0].lower()} database: {cause}"
        ) from None
    finally:
        engine.dispose()
