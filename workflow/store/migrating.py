"""Bring a database to the newest schema, and tell whether it is there.

Alembic is loaded by what needs it: most processes never ask.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from workflow.store.opening import open_store
from workflow.store.port import Store

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 7_236_004_104  # any number, the same in every process: one migration at a time


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(url: str) -> None:
    """Upgrade the database behind `url` to the newest revision. Safe to run twice, and at once."""
    store = open_store(url, patient=True)  # tables may be large, and another may be migrating them
    try:
        with store.begin() as transaction:
            migrate_connection(transaction.connection)
    finally:
        store.close()


def migrate_connection(connection: Connection) -> None:
    """The same in the caller's transaction."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
    if MigrationContext.configure(connection).get_current_revision() == head():
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revision(store: Store) -> str | None:
    """The revision that the database is at; None for an empty one."""
    from alembic.runtime.migration import MigrationContext

    with store.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str | None:
    """The newest revision that this code knows; read once a process."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config()).get_current_head()
