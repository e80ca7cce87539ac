"""A world on each store, with the catalog and a lamp."""

from collections.abc import Iterator

import pytest

from tests.workflow.world import LAMP, World, new_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """On SQLite and on PostgreSQL."""
    world = new_world(database_url, LAMP)
    yield world
    world.store.close()
