"""Where a foreign app sends a receipt: by the nameless exchange straight into our queue.

Every broker has that exchange. Redis looks at the queue's name alone; RabbitMQ drops what goes to an exchange
that leads nowhere, and has the nameless one deliver to the queue that the routing key names.
"""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery, signals
from kombu import Exchange, Queue

from tests.tasks.mailbox import Mailbox
from tests.tasks.test_relay import burnt_out
from tests.workflow.world import World
from workflow.broker.task_names import FAILED, SOON_QUEUE, SUCCEEDED
from workflow.engine.runtime import Runtime
from workflow.outbox.relay import Relay

SETTINGS: dict[str, dict[str, Any]] = {
    "none": {},
    "pickle": {"task_serializer": "pickle"},
    "yaml": {"task_serializer": "yaml"},
    "first protocol": {"task_protocol": 1},
    "its own queues": {"task_create_missing_queues": False, "task_queues": [Queue("shop")]},
    "topics": {"task_queues": [Queue("shop", Exchange("shop", "topic"), "shop.#")]},
    "another exchange": {"task_default_exchange": "all", "task_default_exchange_type": "topic"},
    "routes": {"task_routes": {"*": {"queue": "elsewhere", "routing_key": "b", "serializer": "pickle"}}},
}


@pytest.mark.parametrize("settings", list(SETTINGS))
def test_a_receipt_goes_straight_into_our_queue_as_json(
    world: World, runtime: Runtime, mailbox: Mailbox, settings: str
) -> None:
    burnt_out(world)
    Relay(runtime, mailbox.broker).run()
    (message,) = mailbox.take("shop")
    foreign = Celery("foreign", broker="memory://", set_as_current=False)
    foreign.conf.update(SETTINGS[settings])
    foreign.amqp.queues.select_add("shop")  # as its worker does, which consumes it
    sent: list[tuple[Any, Any]] = []

    def note(exchange: Any = None, routing_key: Any = None, **_: Any) -> None:
        sent.append((exchange, routing_key))

    signals.before_task_publish.connect(note)
    try:
        for field in ("callbacks", "errbacks"):
            (link,) = message.embedded[field]
            foreign.signature(link).apply_async(("done",))
    finally:
        signals.before_task_publish.disconnect(note)
    assert sent == [("", SOON_QUEUE)] * 2
    arrived: list[tuple[str, str]] = []
    with mailbox.app.connection_for_read() as connection, connection.SimpleQueue(SOON_QUEUE) as waiting:
        for _ in range(2):
            one = waiting.get(block=False)
            one.ack()
            arrived.append((one.headers.get("task") or one.payload["task"], one.content_type))
    assert arrived == [(SUCCEEDED, "application/json"), (FAILED, "application/json")]
