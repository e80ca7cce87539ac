"""Whoever writes to the broker has our tasks do what is due anyway, and nothing else.

Receipts: test_signed_receipts.py. Events: test_events_over_celery.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tasks.pool.process import Process
from tasks.sending.sender import NoticeSender
from tests.tasks.mailbox import Mailbox
from tests.tasks.test_delivery import Channels, lapsed
from tests.workflow.world import World
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox

Tasks = Callable[[str], ModuleType]


@pytest.fixture
def tasks(runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Tasks:
    """A module of tasks, which run in this process on the tests' store."""
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    process = Process(runtime, mailbox.broker, {})

    def of(name: str) -> ModuleType:
        module = import_module(f"tasks.{name}")
        monkeypatch.setattr(module, "here", lambda app: process)
        return module

    return of


@pytest.mark.parametrize(("module", "task"), [("events", "apply"), ("timers", "fire"), ("relay", "relay")])
def test_a_wake_up_that_nobody_meant_finds_nothing_to_do(
    world: World, tasks: Tasks, module: str, task: str
) -> None:
    world.post("lamp.press", "lamp:L", {"level": 3})
    getattr(
        tasks(module), task
    ).run()  # what a worker makes once, such as the secret of receipts, is there then
    before = world.counts()
    done = getattr(tasks(module), task).run()
    assert (done["decided"], done["published"]) == (0, 0)
    assert world.counts() == before


@pytest.mark.parametrize("token", ["", "0" * 32, "%", "null"])
def test_notices_are_not_sent_without_their_dispatch_token(
    world: World, runtime: Runtime, token: str
) -> None:
    lapsed(world)
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    channels = Channels()
    before = world.effects()
    assert NoticeSender(runtime, channels.table()).run([row.id for row in rows], token).taken == 0
    assert channels.sent == []
    assert world.effects() == before


def test_neither_before_the_relay_has_given_them_one(world: World, runtime: Runtime) -> None:
    lapsed(world)
    channels = Channels()
    ids = [effect.id for effect in world.effects()]
    assert NoticeSender(runtime, channels.table()).run(ids, "None").taken == 0
    assert channels.sent == []


@pytest.mark.parametrize(
    ("ids", "token"),
    [("1", "t"), (["1"], "t"), ([None], "t"), ([-1], "t"), ([2**63], "t"), ([1.5], "t"), ([[1]], "t"),
     (None, "t"), ({}, "t"), ([1], None), ([1], ["t"]), (list(range(1, 2000)), "t")],
)  # fmt: skip
def test_what_are_no_ids_never_reaches_the_database(tasks: Tasks, ids: Any, token: Any) -> None:
    with pytest.raises(ValueError, match="a list of outbox ids"):
        tasks("notices").send.run(ids, token)
