"""What `celery inspect` and Flower can see of a message that brings contents."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from kombu import Connection, Queue

from tasks.requests import EventsRequest, ReceiptRequest
from workflow.broker.app import celery_app
from workflow.settings import Settings

SECRET = "ada@example.com"
EVENT = {"subject": "promise:P-1", "data": {"customer": SECRET}}


def nothing(*_: Any) -> None:
    """A task."""


def received(kind: type[Any], args: list[Any]) -> Any:
    """A request for a message whose sender showed everything."""
    app = celery_app(Settings(broker_url="memory://"))
    app.task(name="makegood.test")(nothing)
    queue = Queue(f"test-{uuid4().hex}")
    with Connection("memory://") as connection, connection.channel() as channel:
        queue(channel).declare()
        app.send_task("makegood.test", args, queue=queue.name, argsrepr=repr(args), kwargsrepr=repr(args))
        message = queue(channel).get(no_ack=True)
        assert message is not None
        return kind(message, app=app)


@pytest.mark.parametrize(
    ("kind", "args", "shown"),
    [
        (EventsRequest, [[EVENT, EVENT | {"subject": "promise:P-2"}]], "(promise:P-1, promise:P-2)"),
        (EventsRequest, [[{"subject": {"name": SECRET}}, SECRET]], "()"),
        (EventsRequest, [SECRET], "()"),
        (EventsRequest, [], "()"),
        (ReceiptRequest, [{"voucher": SECRET}, "promise:P-1/2/0"], "(promise:P-1/2/0)"),
        (ReceiptRequest, [{"voucher": SECRET}, "promise:P-1/2/0", "a0b1"], "(promise:P-1/2/0)"),
        (ReceiptRequest, [SECRET, [SECRET], "a0b1"], "()"),
        (ReceiptRequest, [], "()"),
    ],
)
def test_keys_are_shown_and_nothing_else(kind: type[Any], args: list[Any], shown: str) -> None:
    request = received(kind, args)
    assert (request.argsrepr, request.kwargsrepr) == (shown, "{}")
    assert request.args == args, "the task itself gets what was sent"
    for safe in (True, False):
        assert SECRET not in repr(request.info(safe=safe))
    assert SECRET not in repr(request)
