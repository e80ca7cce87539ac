"""A world on each store."""

from collections.abc import Iterator

import pytest

from tests.workflow.world import LAMP, World, new_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The catalog and a lamp, on SQLite and on PostgreSQL."""
    world = new_world(database_url, LAMP)
    yield world
    world.store.close()
