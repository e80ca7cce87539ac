"""Events over Celery are held to the rules of the HTTP door: kept as sent, or refused by field and rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from kombu.serialization import dumps, loads
from sqlalchemy import func, select

from tasks.pool.process import Process
from tasks.transport import EventsRefused
from tests.tasks.mailbox import Mailbox
from tests.workflow.world import World
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.role import Role
from workflow.broker.task_names import KEY_HEADER
from workflow.engine.runtime import Runtime
from workflow.store.schema import audit, events

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

    text = keys.create(runtime.store, Role.SYSTEM, "colleague", runtime.clock.now())

    def sent(*events: dict[str, Any], key: str | None = text) -> dict[str, int]:
        content_type, encoding, body = dumps([list(events)], serializer="json")
        (arrived,) = loads(body, content_type, encoding, accept=["application/json"])
        task.accept.push_request(headers={} if key is None else {KEY_HEADER: key})
        try:
            answer: dict[str, int] = task.accept.run(arrived)
        finally:
            task.accept.pop_request()
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
    for changes in ({"data": {"level": 4}}, {"subject": "lamp:2"}):
        with pytest.raises(EventsRefused, match=re.escape("[1].id [other-content]")):
            accept(press("c"), press("a", **changes))
    world.settle()
    assert world.data("lamp:1") == {"level": 3}
    assert accept(press("c")) == {"accepted": 1, "events": 1}


def test_without_a_key_that_may_send_nothing_is_stored_and_the_audit_log_says_so(
    runtime: Runtime, accept: Accept
) -> None:
    now = runtime.clock.now()
    revoked = keys.create(runtime.store, Role.SYSTEM, "gone", now)
    keys.revoke(runtime.store, revoked.split("_")[1], now)
    at_desk = keys.create(runtime.store, Role.DESK, "desk", now)
    bounded = keys.create(runtime.store, Role.SYSTEM, "crm", now, bounds=Bounds(sources=("/crm",)))
    for key, said in (
        (None, "makegood-key [key]"),
        ("mg_x_y", "makegood-key [key]"),
        (revoked, "makegood-key [key]"),
        (at_desk, "makegood-key [role]"),
        (bounded, "[0].source [not-yours]"),
    ):
        with pytest.raises(EventsRefused) as refusal:
            accept(press("nobody"), key=key)
        assert str(refusal.value).endswith(said.removeprefix("[0].")), key
    with runtime.store.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 0
        noted = connection.execute(select(audit.c.actor, audit.c.reason).order_by(audit.c.id)).all()
    assert noted == [(None, "key"), (None, "key"), (None, "key"), ("desk:desk", "role")]


def test_the_ledger_keeps_whose_key_it_was(runtime: Runtime, accept: Accept) -> None:
    accept(press("a"))
    with runtime.store.connect() as connection:
        assert connection.scalars(select(events.c.actor)).all() == ["system:colleague"]


def test_the_bounds_of_http_hold(accept: Accept) -> None:
    with pytest.raises(EventsRefused, match=r"events \[too-many\]"):
        accept(*[press(str(number)) for number in range(1_001)])
    with pytest.raises(EventsRefused, match=r"\[0\] \[too-large\]"):
        accept(press("big", data={"level": 3, "more": "x" * 70_000}))
