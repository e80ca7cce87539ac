"""Events over Celery are held to the rules of the HTTP door: kept as sent, or refused by field and rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from kombu.serialization import dumps, loads

from tasks.pool.process import Process
from tasks.transport import EventsRefused
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import World
from workflow.engine.runtime import Runtime

Accept = Callable[..., dict[str, int]]


@pytest.fixture
def accept(runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Accept:
    """What the task makes of events once they have gone over the wire as Celery sends them.

    It runs in this process, on the tests' store.
    """
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    task = import_module("tasks.events")  # makes the app, which wants to know its broker
    process = Process(runtime, mailbox.broker, {})
    monkeypatch.setattr(task, "here", lambda app: process)

    def sent(*events: dict[str, Any]) -> dict[str, int]:
        content_type, encoding, body = dumps([list(events)], serializer="json")
        (arrived,) = loads(body, content_type, encoding, accept=["application/json"])
        answer: dict[str, int] = task.accept.run(arrived)
        return answer

    return sent


def press(identity: str, **changes: Any) -> dict[str, Any]:
    """An event as a colleague's program builds it."""
    document = {
        "specversion": "1.0",
        "id": identity,
        "source": "/colleague",
        "type": "lamp.press",
        "subject": "lamp:1",
        "time": "2026-03-02T10:00:00Z",
        "data": {"level": 3},
    }
    return document | changes


def test_the_same_event_again_is_a_duplicate_and_another_one_is_refused(world: World, accept: Accept) -> None:
    assert accept(press("a")) == {"accepted": 1, "events": 1}
    assert accept(press("a"), press("b")) == {"accepted": 1, "events": 2}
    for changes in ({"data": {"level": 4}}, {"subject": "lamp:2"}, {"effect": "lamp:1/1/0"}):
        with pytest.raises(EventsRefused, match=re.escape("[1].id [other-content]")):
            accept(press("c"), press("a", **changes))
    world.settle()
    assert world.data("lamp:1") == {"level": 3}
    assert accept(press("c")) == {"accepted": 1, "events": 1}
