"""The bell: a wake-up straight to the processes that stand by, past the queue.

A Celery message costs who gets it a millisecond and more; one PUBLISH on Redis costs a tenth, and its answer
says how many heard it. Nobody there, another transport, a lost connection: then a message goes, as ever. The
bell carries no work, only "look": SQL is the truth, and what a lost ring leaves behind a clock finds.
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


class Subscription:
    """What one process listens with, again and again. Not for several threads."""

    def __init__(self, pubsub: Any, name: str) -> None:
        """`subscription` is redis-py's."""
        self._pubsub = pubsub
        self._name = name
        self.lost = False
        """Whether the connection was lost: get another."""

    def listen(self) -> None:
        """From now on every ring is heard. Raises BrokerUnreachable."""
        try:
            self._pubsub.subscribe(self._name)
            self._until("subscribe")
        except _LOST as error:
            raise self._gone(error) from error

    def wait(self, seconds: float) -> frozenset[str]:
        """Wait so long, or until it rings; what was said, all rings of that moment together.

        Raises BrokerUnreachable when the connection was lost: rings may have been, too.
        """
        heard: set[str] = set()
        try:
            message = self._pubsub.get_message(timeout=max(0.0, seconds))
            while message is not None:
                heard.update(_said(message))
                message = self._pubsub.get_message(timeout=0)
        except _LOST as error:
            raise self._gone(error) from error
        return frozenset(heard)

    def leave(self) -> frozenset[str]:
        """Listen no more; what was said until nobody counted on us any longer. Raises BrokerUnreachable."""
        try:
            if self.lost:
                raise OSError("lost before")
            self._pubsub.unsubscribe(self._name)
            return self._until("unsubscribe")
        except _LOST as error:
            raise self._gone(error) from error

    def _until(self, kind: str) -> frozenset[str]:
        heard: set[str] = set()
        while True:
            message = self._pubsub.get_message(timeout=_CONFIRM_SECONDS)
            if message is None:
                raise OSError(f"no answer to {kind}")
            if message["type"] == kind:
                return frozenset(heard)
            heard.update(_said(message))

    def _gone(self, error: Exception) -> BrokerUnreachable:
        self.lost = True
        with suppress(*_LOST):
            self._pubsub.close()
        return BrokerUnreachable(f"the bell is out of reach: {type(error).__name__}: {error}")


class Notifier:
    """Rings and listens on the broker's own Redis; mute on any other transport. One a process, any thread."""

    def __init__(self, app: Celery) -> None:
        """Connects with the first ring, by the app's own URL, options and key prefix."""
        self._app = app
        self._name: str = app.conf.get("makegood_bell") or "makegood.bell"
        url = str(app.conf.broker_write_url or app.conf.broker_url or "")
        self._there = url.partition("://")[0] in ("redis", "rediss")
        self._lock = threading.Lock()
        self._channel: Any = None
        self._client: Any = None
        self._subscription: Subscription | None = None

    def ring(self, said: str) -> bool:
        """Tell all who stand by to look; whether anybody does."""
        return bool(self._asked(lambda client: client.publish(self._name, said)))

    def subscribers(self) -> int:
        """How many stand by, in the whole installation; 0 when that cannot be told."""
        return self._asked(self._count)

    def queued(self, *queues: str) -> int:
        """How many messages wait in these queues; 0 when that cannot be told."""
        return self._asked(lambda client: sum(client.llen(queue) for queue in queues))

    def listen(self) -> Subscription | None:
        """Stand by from now on; None where that is not possible. For one thread of a process."""
        if not self._there:
            return None
        try:
            if self._subscription is None or self._subscription.lost:
                self._subscription = Subscription(self._connected().pubsub(), self._name)
            self._subscription.listen()
            return self._subscription
        except (BrokerUnreachable, *_LOST) as error:
            self._forget(error)
            return None

    def _count(self, client: Any) -> int:
        # Neither redis-py nor kombu puts the prefix before this command's channel.
        prefix = self._app.conf.broker_transport_options.get("global_keyprefix", "")
        return int(client.pubsub_numsub(f"{prefix}{self._name}")[0][1])

    def _asked(self, ask: Any) -> int:
        if not self._there:
            return 0
        try:
            return int(ask(self._connected()))
        except _LOST as error:
            self._forget(error)
            return 0

    def _connected(self) -> Any:
        """kombu's own client, so that URL, TLS, timeouts and prefix are the broker's."""
        with self._lock:
            if self._client is None:
                self._channel = self._app.connection_for_write().default_channel
                with self._channel.conn_or_acquire() as client:
                    self._client = client
            return self._client

    def _forget(self, error: BaseException) -> None:
        log.debug("the bell is mute", error=repr(error))
        with self._lock:
            client, self._client, self._channel = self._client, None, None
        if client is not None:
            client.connection_pool.disconnect()


def _said(message: dict[str, Any]) -> list[str]:
    if message["type"] != "message":
        return []
    data = message["data"]
    return [data.decode() if isinstance(data, bytes) else str(data)]
