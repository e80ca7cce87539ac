"""The run loop: a process that stops listening has not been notified in vain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tasks.pool.process import Process
from tasks.pool.run_loop import RunLoop
from tests.workflow.world import World
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.broker.notifier import Notifier
from workflow.broker.task_names import APPLY
from workflow.engine.runtime import Runtime
from workflow.engine.turns import EVENTS


@pytest.fixture
def process(runtime: Runtime, valkey_url: str) -> Iterator[Process]:
    """One process of a worker, on a broker that can notify."""
    settings = runtime.settings.model_copy(update={"broker_url": valkey_url})
    broker = Broker(celery_app(settings))
    yield Process(replace(runtime, settings=settings), broker, {})
    broker.close()


def test_what_it_is_notified_of_while_it_leaves_is_decided(world: World, process: Process) -> None:
    """Whoever was told that somebody heard it sends no message."""
    other = Notifier(celery_app(process.runtime.settings))

    def enough() -> bool:
        world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 3})])
        assert other.notify(EVENTS), "somebody is there"
        return True

    RunLoop(process, APPLY).listen(None, enough)
    assert world.state("lamp:1") == "on"
    assert not other.notify(EVENTS), "and nobody is there any more"
