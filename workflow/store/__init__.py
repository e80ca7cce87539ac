"""Tables, statements and migrations: SQLite and PostgreSQL behind one contract."""

from workflow.store.migrating import head, migrate, revision
from workflow.store.opening import open_store
from workflow.store.port import Store

__all__ = ["Store", "head", "migrate", "open_store", "revision"]
