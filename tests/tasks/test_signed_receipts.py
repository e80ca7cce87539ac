"""A receipt counts only with our own signature: whoever knows a key cannot say how its effect ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from tasks.pool.process import Process
from tests.tasks.mailbox import Mailbox
from tests.tasks.test_relay import burnt_out
from tests.workflow.world import World
from workflow.broker.dead_messages import FORGED, UNSIGNED, counts_by_reason
from workflow.broker.task_names import FAILED, SUCCEEDED
from workflow.engine.runtime import Runtime
from workflow.outbox.relay import Relay
from workflow.store.schema import dead_messages
from workflow.store.secrets import secret

KEY = "lamp:L/2/0"


@pytest.fixture
def receipts(runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tasks of receipts, run in this process on the tests' store."""
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    tasks = import_module("tasks.receipts")
    process = Process(runtime, mailbox.broker, {})
    monkeypatch.setattr(tasks, "here", lambda app: process)
    return tasks


@pytest.fixture
def links(world: World, runtime: Runtime, mailbox: Mailbox) -> dict[str, list[Any]]:
    """The arguments that a foreign worker is asked to send back, by the task that takes them."""
    burnt_out(world)
    Relay(runtime, mailbox.broker).run()
    (message,) = mailbox.take("shop")
    linked = [*message.embedded["callbacks"], *message.embedded["errbacks"]]
    return {link["task"]: link["args"] for link in linked}


def test_a_genuine_receipt_settles_its_effect(
    world: World, receipts: ModuleType, links: dict[str, list[Any]]
) -> None:
    assert receipts.succeeded.run("a bulb", *links[SUCCEEDED]) == "lamp:L"
    (effect,) = world.effects()
    assert (effect.state, effect.receipt) == ("settled", {"result": "a bulb"})


def test_a_genuine_failure_is_heard(world: World, receipts: ModuleType, links: dict[str, list[Any]]) -> None:
    assert receipts.failed.run("an-id", *links[FAILED]) == "lamp:L"
    (effect,) = world.effects()
    assert effect.state == "dead"


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda links: [KEY], UNSIGNED),
        (lambda links: [KEY, ""], UNSIGNED),
        (lambda links: [KEY, None], UNSIGNED),
        (lambda links: [KEY, "0" * 64], FORGED),
        (lambda links: [KEY, "ü"], FORGED),
        (lambda links: [KEY, [1]], FORGED),
        (lambda links: [KEY, links[FAILED][1]], FORGED),
        (lambda links: ["lamp:M/2/0", links[SUCCEEDED][1]], FORGED),
        (lambda links: [{"key": KEY}, links[SUCCEEDED][1]], FORGED),
    ],
)
def test_a_forged_one_does_nothing_and_is_counted_and_kept(
    world: World,
    runtime: Runtime,
    receipts: ModuleType,
    links: dict[str, list[Any]],
    forge: Callable[[dict[str, list[Any]]], list[Any]],
    reason: str,
) -> None:
    before = world.effects()
    with capture_logs() as log:
        assert receipts.succeeded.run({"secret": "ada@example.com"}, *forge(links)) == ""
    assert world.effects() == before
    assert counts_by_reason(runtime.store)[reason] == 1
    with runtime.store.connect() as connection:
        (kept,) = connection.execute(select(dead_messages)).all()
    assert (kept.reason, kept.queue) == (reason, "makegood.soon")
    (line,) = [line for line in log if line["event"] == "a message is dead"]
    assert line["digest"] == kept.digest
    assert "ada@example.com" not in repr(log)


def test_all_who_need_the_secret_at_once_get_the_same(runtime: Runtime) -> None:
    found: list[bytes] = []
    together = threading.Barrier(4)

    def need() -> None:
        together.wait()
        found.append(secret(runtime.store, "test", runtime.clock.now()))

    threads = [threading.Thread(target=need) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert secret(runtime.store, "other", runtime.clock.now()) not in found
