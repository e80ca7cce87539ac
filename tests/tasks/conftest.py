"""A runtime on each store, at a time that the test moves, and a broker in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from state_machines.values.retry_policy import RetryPolicy
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import World
from workflow.engine.runtime import Runtime
from workflow.settings import Settings


@pytest.fixture
def runtime(world: World, database_url: str, tmp_path: Path) -> Runtime:
    """What a process of a worker would have, on that world."""
    settings = Settings(
        database_url=database_url, broker_url="memory://", data_dir=tmp_path / "data", max_attempts=3
    )
    retries = RetryPolicy(settings.max_attempts)
    return Runtime(settings, world.store, world.engine.registry, world.clock, world.engine, retries)


@pytest.fixture
def mailbox(runtime: Runtime) -> Iterator[Mailbox]:
    """A broker in this process's memory, empty, whose messages can be read."""
    with Mailbox(runtime.settings) as mailbox:
        yield mailbox
