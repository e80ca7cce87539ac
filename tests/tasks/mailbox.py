"""A broker in memory (kombu's own) whose messages a test can read."""

from __future__ import annotations

from dataclasses import dataclass
from queue import Empty
from typing import Any, Self

from workflow.broker import task_names
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.settings import Settings

OURS = tuple(task_names.QUEUES.split(","))
QUEUES = (*OURS, task_names.FOREIGN_QUEUE, "shop")


@dataclass(frozen=True)
class Message:
    """What was sent."""

    task: str
    args: list[Any]
    kwargs: dict[str, Any]
    headers: dict[str, Any]
    embedded: dict[str, Any]


class Mailbox:
    """The broker to send with, and what arrived."""

    def __init__(self, settings: Settings) -> None:
        self.app = celery_app(settings)
        self.broker = Broker(self.app)

    def take(self, *queues: str) -> list[Message]:
        """All messages of these queues, of our own if none is named; they are empty then."""
        return [message for queue in queues or OURS for message in self._take(queue)]

    def _take(self, queue: str) -> list[Message]:
        found: list[Message] = []
        with self.app.connection_for_read() as connection, connection.SimpleQueue(queue) as waiting:
            while True:
                try:
                    message = waiting.get(block=False)
                except Empty:
                    return found
                message.ack()
                args, kwargs, embedded = message.payload
                found.append(Message(message.headers["task"], args, kwargs, message.headers, embedded))

    def __enter__(self) -> Self:
        for queue in QUEUES:
            self.take(queue)
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.close()
