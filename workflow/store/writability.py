"""Whether a database that answers takes writes, too: a standby does not, nor a file on a full disk."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from workflow.store.port import Store

_BUSY = "SQLITE_BUSY"
"""How SQLite's names begin for: somebody else is writing."""
_READ_ONLY = "it takes no writes: it is a standby, or set to read only"


_PATIENCE = 250
"""Milliseconds for which whoever is writing is waited for."""


def why_no_writes(store: Store, before: str | None = None) -> str | None:
    """Why nothing can be written now, None if something can.

    Where others write all the time it is what was found `before`: they may all write in vain.

    Raises:
        SQLAlchemyError: it does not answer.
    """
    if store.dialect == "postgresql":
        with store.connect() as connection:
            return _READ_ONLY if connection.scalar(text("show transaction_read_only")) == "on" else None
    return _why_not_the_file(store, before)


def _why_not_the_file(store: Store, before: str | None) -> str | None:
    """Only a commit shows it: one that changes nothing, and waits for others a moment."""
    with store.engine.connect() as connection:
        (patience,) = connection.exec_driver_sql("pragma busy_timeout").one()
        connection.exec_driver_sql(f"pragma busy_timeout = {_PATIENCE}")
        try:
            (number,) = connection.exec_driver_sql("pragma user_version").one()
            connection.exec_driver_sql(f"pragma user_version = {number}")
            connection.commit()
        except OperationalError as error:
            name = getattr(error.orig, "sqlite_errorname", "")
            return before if name.startswith(_BUSY) else f"it takes no writes: {error.orig} [{name}]"
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"pragma busy_timeout = {patience}")
    return None
