"""kombu's transport over Redis, for which anything that stands in a list is a message or a dead one.

kombu's own raises what its JSON parser does, or a TypeError, past everything that could take care of it: the
worker ends.
"""

from __future__ import annotations

from queue import Empty
from typing import Any

import structlog
from kombu.transport import redis
from redis.exceptions import ResponseError

from tasks.consumer.dead_messages import bury
from workflow.broker.dead_messages import UNREADABLE

log = structlog.get_logger(__name__)

LOST = tuple(error for error in redis.Transport.connection_errors if error is not KeyError)
"""What says that the connection is lost. kombu counts KeyError among these, whatever key is missing."""


class _TakesAnything:
    """What makes a channel of kombu's take off its queue what it cannot read."""

    client: Any
    sep: str
    taken_from: str | None = None
    """The queue of the message that was taken last."""

    def _brpop_read(self, **options: Any) -> Any:
        """As kombu's: take one message and deliver it."""
        client: Any = self.client
        taken: list[Any] = []
        parse: Any = client.parse_response
        read: Any = super()._brpop_read  # type: ignore[misc]

        def remembering(*args: Any, **more: Any) -> Any:
            answer = parse(*args, **more)
            taken.append(answer)
            if answer:
                self.taken_from = _text(answer[0]).rsplit(self.sep, 1)[0]
            return answer

        client.parse_response = remembering
        try:
            return read(**options)
        except (Empty, ResponseError, *LOST):  # what the server refuses is no fault of a message
            raise
        except Exception:  # whatever it makes of something that is no message
            if not taken or not taken[0]:
                raise
            bury(self.taken_from or "", UNREADABLE, taken[0][1])
            return True
        finally:
            del client.parse_response

    def _deliver_fanout_message(self, message: Any, exchange: str) -> Any:
        """As kombu's: deliver a message of remote control. One that is none is passed over."""
        deliver: Any = super()._deliver_fanout_message  # type: ignore[misc]
        try:
            return deliver(message, exchange)
        except LOST:
            raise
        except Exception as error:
            log.error(
                "a message of remote control is unreadable", exchange=exchange, error=type(error).__name__
            )
            raise Empty from None


class Channel(_TakesAnything, redis.Channel):
    """Of one server."""


class SentinelChannel(_TakesAnything, redis.SentinelChannel):
    """Of the master that sentinels name."""


class Transport(redis.Transport):
    """The transport with that channel."""

    Channel = Channel


class SentinelTransport(redis.SentinelTransport):
    """The same by way of sentinels."""

    Channel = SentinelChannel


OURS = {redis.Transport: Transport, redis.SentinelTransport: SentinelTransport}
"""By kombu's own: what stands in its place."""


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
