"""The task that sends: what a slow channel leaves goes on to two processes, by the queue it came from."""

from __future__ import annotations

import threading
from importlib import import_module

import pytest

from tasks.channels.port import Notice, Receipt
from tasks.pool.process import Process
from tests.tasks.mailbox import Mailbox
from tests.tasks.test_relay import nudged
from tests.workflow.world import World
from workflow.broker.task_names import LATER_QUEUE, QUEUE, SEND
from workflow.engine.runtime import Runtime
from workflow.outbox.relay import SLICE, Relay

MANY = 60


class SlowChannel:
    """Takes each notice, after half of the time that a run has."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Take it, after a while."""
        threading.Event().wait(SLICE / 2)
        self.taken.append(idempotency_key)
        return Receipt(notice.channel, idempotency_key)


@pytest.mark.parametrize("queue", [QUEUE, LATER_QUEUE])
def test_what_is_left_goes_on_in_halves_by_the_same_queue(
    world: World, runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    module, channel = import_module("tasks.notices"), SlowChannel()
    process = Process(runtime, mailbox.broker, {"email": channel})
    monkeypatch.setattr(module, "here", lambda app: process)
    nudged(world, MANY)
    Relay(runtime, mailbox.broker).run()
    (message,) = mailbox.take(LATER_QUEUE)

    module.send.push_request(delivery_info={"routing_key": queue})
    try:
        done = module.send.run(*message.args)
    finally:
        module.send.pop_request()

    assert done["taken"] + done["left"] == MANY and len(channel.taken) >= 1
    passed_on = [one for one in mailbox.take(queue) if one.task == SEND]
    ids, halves = message.args[0], [one.args[0] for one in passed_on]
    assert len(halves) == 2 and abs(len(halves[0]) - len(halves[1])) <= 1
    assert halves[0] + halves[1] == ids[done["taken"] :], "in their order, and none is forgotten"
    assert {one.args[1] for one in passed_on} == {message.args[1]}, "under the same token"
