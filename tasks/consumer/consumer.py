"""The consumer of our workers: Celery's own, which no message ends."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import structlog
from celery.worker.consumer import Consumer as CeleryConsumer

from tasks.consumer import redis_transport
from tasks.consumer.dead_messages import bury
from tasks.consumer.message_check import MessageCheck
from workflow.broker.dead_messages import UNKNOWN_TASK, UNREADABLE

_REFUSED_SECONDS = 1.0
"""Until a broker is asked again that refused what it was asked."""

Message = Any
"""kombu's: it is untyped."""

log = structlog.get_logger(__name__)


class _NotLetIn(ConnectionError):
    """The broker knows us no more: for Celery a lost connection, which it goes on to open."""


class Consumer(CeleryConsumer):
    """Takes dead messages off their queue and keeps them; Celery's own logs their bodies, or ends."""

    def connection_for_read(self, heartbeat: Any = None) -> Any:
        """The connection to consume from; over Redis what is no message is a dead one."""
        connection = self.app.connection_for_read(heartbeat=heartbeat)
        ours = redis_transport.OURS.get(connection.get_transport_cls())
        if ours is not None:
            connection.get_transport_cls = lambda: ours
        try:
            return self.ensure_connected(connection)
        except self.channel_errors as error:
            # RabbitMQ does not let us in. Who is started hears it and ends; who was in before stays,
            # since its scheduler decides deadlines: the password was changed.
            if self.first_connection_attempt:
                raise
            raise _NotLetIn(str(error)) from error

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Give a lost connection up. Of closing it Celery expects connection errors alone.

        kombu wants to put back a message that was taken and not yet confirmed, over the connection that it
        has already forgotten: of the AttributeError that comes of it the worker would end.
        """
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            log.warning("a lost connection was not closed properly", error=repr(error))

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Give up one to a broker that answers and refuses what is asked: it would be asked again at once."""
        super().on_connection_error_before_connected(exc)
        if isinstance(exc, (*self.channel_errors, _NotLetIn)):
            _wait(_REFUSED_SECONDS)

    def create_task_handler(self, *args: Any, **options: Any) -> Callable[[Message], None]:
        """What each message goes through: looked at as a whole first, then handed to Celery."""
        handle = super().create_task_handler(*args, **options)
        check = MessageCheck(self.app.tasks)
        lost = tuple(error for error in self.connection_errors if error is not KeyError)

        def taken(message: Message) -> None:
            reason = check.problem(message)
            if reason is not None:
                self._bury(message, reason)
                return
            try:
                handle(message)
            except lost:
                raise
            except Exception as error:
                self._try_once_more(message, error)

        return taken

    def on_decode_error(self, message: Message, exc: BaseException) -> None:
        """Of a message that cannot be decoded."""
        self._bury(message, UNREADABLE)

    def on_unknown_message(self, body: Any, message: Message) -> None:
        """Of a message without a task."""
        self._bury(message, UNREADABLE)

    def on_unknown_task(self, body: Any, message: Message, exc: BaseException) -> None:
        """Of a task that no worker of ours has."""
        self._bury(message, UNKNOWN_TASK)

    def on_invalid_task(self, body: Any, message: Message, exc: BaseException) -> None:
        """Of a message that Celery makes no task of."""
        self._bury(message, UNREADABLE)

    def _try_once_more(self, message: Message, error: Exception) -> None:
        """It looks as it should and was not taken on, maybe by no fault of its own. Next time it is dead."""
        log.error("a message was not taken on", error=type(error).__name__)
        if message.acknowledged:
            return
        if (message.delivery_info or {}).get("redelivered"):
            self._bury(message, UNREADABLE)
        else:
            message.requeue()  # raises where the connection is lost: then it was never acknowledged

    def _bury(self, message: Message, reason: str) -> None:
        place = message.delivery_info or {}
        # Over Redis a message says itself where it was sent, and may say anything.
        queue = getattr(message.channel, "taken_from", None) or place.get("routing_key")
        bury(str(queue), reason, message.body or b"")
        if not message.acknowledged:
            message.ack()


def _wait(seconds: float) -> None:
    Event().wait(seconds)
