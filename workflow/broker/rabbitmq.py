"""What is done over RabbitMQ that Redis needs in another way: confirmed messages, a probe, queues' lengths.

Only the connections of our own client confirm. A worker publishes what monitoring is to see from the loop
that takes its messages; were these confirmed, it would take none while the broker accepts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from celery import Celery
from kombu import pools
from kombu.exceptions import OperationalError

_ANSWER_SECONDS = 5.0
"""A broker that is short of memory or disk keeps its connections and reads nothing from them."""
_CONFIRMED = {"confirm_publish": True, "read_timeout": _ANSWER_SECONDS, "write_timeout": _ANSWER_SECONDS}
_NOBODY = "makegood.nobody"
"""A queue that is never declared: what is sent there is confirmed, and dropped."""


def is_rabbitmq(app: Celery) -> bool:
    """Whether the app's broker is one of AMQP."""
    url = str(app.conf.broker_write_url or app.conf.broker_url or "")
    return url.partition("://")[0] in ("amqp", "amqps")


@contextmanager
def confirmed_producer(app: Celery) -> Iterator[Any]:
    """One of kombu's producers, which return once the broker has taken a message, or raise within seconds.

    After an error its connection is dropped and not closed, for which a broker would have to answer.
    """
    pool = pools.producers[app.connection_for_write(transport_options=_CONFIRMED)]
    pool.limit = app.pool.limit
    with pool.acquire(block=True) as producer:
        connection = producer.connection
        try:
            yield producer
        except BaseException:
            connection.collect()
            raise


def send_again(producer: Any, send: Callable[[], object]) -> None:
    """Send, and if the connection has ended send once more over a new one: for what may be sent twice.

    Every connection of a pool ends with the broker, and each sender would find that out by a lost message.
    Raises what the transport does, or kombu in its place.
    """
    connection = producer.connection
    try:
        send()
    except (OperationalError, *connection.connection_errors) as error:
        if isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError):
            raise  # the broker is there, and accepts nothing
        connection.collect()
        producer.revive(connection)
        send()


def probe(producer: Any) -> None:
    """See that the broker takes messages now, from this producer. Raises what the transport does.

    Two messages, since a broker that is short of memory takes the first one of each connection.
    """
    for _ in range(2):
        send_again(producer, lambda: producer.publish("", exchange="", routing_key=_NOBODY))


def waiting(producer: Any, queue: str) -> int:
    """How many messages wait in a queue; 0 where there is no such queue. Raises what the transport does."""
    found: list[int] = []

    def ask() -> None:
        connection = producer.connection
        connection.ensure_connection(max_retries=1)
        # A channel for the question alone: that there is no such queue ends it.
        with suppress(*connection.channel_errors), connection.channel() as channel:
            found.append(channel.queue_declare(queue=queue, passive=True).message_count)

    send_again(producer, ask)
    return sum(found)
