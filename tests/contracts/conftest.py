"""A store of each kind, migrated, which knows the catalog's definitions and nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from workflow.engine.definition_sources import catalog_sources
from workflow.engine.registry import Registry
from workflow.store import open_store
from workflow.store.port import Store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """On SQLite and on PostgreSQL."""
    store = open_store(database_url)
    Registry(store).register(catalog_sources(), datetime(2026, 1, 1, tzinfo=UTC))
    yield store
    store.close()
