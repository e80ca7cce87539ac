"""A store of each kind, migrated and empty."""

from collections.abc import Iterator

import pytest

from workflow.store import migrate, open_store
from workflow.store.port import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """On SQLite and on PostgreSQL."""
    migrate(database_url)
    store = open_store(database_url)
    yield store
    store.close()
