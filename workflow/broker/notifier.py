"""The notifier: wakes the processes that listen, over a channel of Redis and past the queue.

A Celery message costs its receiver a millisecond and more; one PUBLISH on Redis costs a tenth of that, and
its answer is the number of subscribers. Without any, on another transport or without a connection, the caller
sends a message. A notification carries no work, only "look": SQL is the truth, and a scheduler finds what a
lost notification leaves behind.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import structlog
from celery import Celery
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from workflow.errors import BrokerUnreachable

_LOST = (RedisError, KombuError, OSError)
_CONFIRM_SECONDS = 3.0

log = structlog.get_logger(__name__)


class Listening:
    """One process's listening to the channel; it can be begun and ended again and again, in one thread."""

    def __init__(self, pubsub: Any, channel: str) -> None:
        """`pubsub` is redis-py's."""
        self._pubsub = pubsub
        self._channel = channel
        self.lost = False
        """Whether the connection was lost, so that another one is needed."""

    def begin(self) -> None:
        """Subscribe: every notification after this is received. Raises BrokerUnreachable."""
        try:
            self._pubsub.subscribe(self._channel)
            self._until("subscribe")
        except _LOST as error:
            raise self._failed(error) from error

    def wait(self, seconds: float) -> frozenset[str]:
        """Wait until a notification comes, for so many seconds at most; the kinds of work that were named.

        Several notifications that came together are returned together. Raises BrokerUnreachable when the
        connection was lost: notifications may have been, too.
        """
        kinds: set[str] = set()
        try:
            message = self._pubsub.get_message(timeout=max(0.0, seconds))
            while message is not None:
                kinds.update(_kinds(message))
                message = self._pubsub.get_message(timeout=0)
        except _LOST as error:
            raise self._failed(error) from error
        return frozenset(kinds)

    def end(self) -> frozenset[str]:
        """Unsubscribe; the kinds of work named until the server confirmed that. Raises BrokerUnreachable."""
        try:
            if self.lost:
                raise OSError("lost before")
            self._pubsub.unsubscribe(self._channel)
            return self._until("unsubscribe")
        except _LOST as error:
            raise self._failed(error) from error

    def _until(self, kind: str) -> frozenset[str]:
        kinds: set[str] = set()
        while True:
            message = self._pubsub.get_message(timeout=_CONFIRM_SECONDS)
            if message is None:
                raise OSError(f"no answer to {kind}")
            if message["type"] == kind:
                return frozenset(kinds)
            kinds.update(_kinds(message))

    def _failed(self, error: Exception) -> BrokerUnreachable:
        self.lost = True
        with suppress(*_LOST):
            self._pubsub.close()
        return BrokerUnreachable(f"no notifications: {type(error).__name__}: {error}")


class Notifier:
    """Notifies and subscribes over the broker's own Redis; on any other transport it does neither.

    One a process, for any thread.
    """

    def __init__(self, app: Celery) -> None:
        """Connects when it is first used, by the app's own URL, options and key prefix."""
        self._app = app
        self._name: str = app.conf.get("makegood_notifications") or "makegood.notifications"
        url = str(app.conf.broker_write_url or app.conf.broker_url or "")
        self._has_redis = url.partition("://")[0] in ("redis", "rediss", "sentinel")
        self._lock = threading.Lock()
        self._kombu_channel: Any = None
        self._client: Any = None
        self._listening: Listening | None = None

    def notify(self, kind: str) -> bool:
        """Tell all subscribers to look for this kind of work; whether there are any."""
        return bool(self._ask(lambda client: client.publish(self._name, kind)))

    def subscribers(self) -> int:
        """How many processes listen, in the whole installation; 0 when that cannot be found out."""
        return self._ask(self._count)

    def queued(self, *queues: str) -> int:
        """How many messages wait in these queues; 0 when that cannot be found out."""
        return self._ask(lambda client: sum(client.llen(queue) for queue in queues))

    def subscribe(self) -> Listening | None:
        """Begin to listen; None where that is not possible. For one thread of a process."""
        if not self._has_redis:
            return None
        try:
            if self._listening is None or self._listening.lost:
                self._listening = Listening(self._connected().pubsub(), self._name)
            self._listening.begin()
            return self._listening
        except (BrokerUnreachable, *_LOST) as error:
            self._forget(error)
            return None

    def _count(self, client: Any) -> int:
        # Neither redis-py nor kombu puts the prefix before this command's channel.
        prefix = self._app.conf.broker_transport_options.get("global_keyprefix", "")
        return int(client.pubsub_numsub(f"{prefix}{self._name}")[0][1])

    def _ask(self, question: Any) -> int:
        if not self._has_redis:
            return 0
        try:
            return int(question(self._connected()))
        except _LOST as error:
            self._forget(error)
            return 0

    def _connected(self) -> Any:
        """kombu's own client, so that URL, TLS, timeouts and prefix are the broker's."""
        with self._lock:
            if self._client is None:
                self._kombu_channel = self._app.connection_for_write().default_channel
                with self._kombu_channel.conn_or_acquire() as client:
                    self._client = client
            return self._client

    def _forget(self, error: BaseException) -> None:
        log.debug("no connection for notifications", error=repr(error))
        with self._lock:
            client, self._client, self._kombu_channel = self._client, None, None
        if client is not None:
            client.connection_pool.disconnect()


def _kinds(message: dict[str, Any]) -> list[str]:
    if message["type"] != "message":
        return []
    data = message["data"]
    return [data.decode() if isinstance(data, bytes) else str(data)]
