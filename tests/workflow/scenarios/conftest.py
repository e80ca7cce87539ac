"""A store with the loan, and what a test had played on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workflow.scenarios.loans import LOAN
from tests.workflow.world import World, new_world
from workflow.scenarios.taken import Taken, taken_in

Play = Callable[..., Taken]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Plays stories on one store, and gives what all of them took."""
    url = f"sqlite:///{tmp_path / 'loans.db'}"
    world = new_world(url, LOAN)

    def played(*stories: Callable[[World], None]) -> Taken:
        for story in stories:
            story(world)
        return taken_in(world.store, world.engine.registry)

    yield played
    world.store.close()
