"""What does not end a worker: a message that cannot be taken on, and a connection that cannot be closed."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from kombu import Connection
from redis.exceptions import ReadOnlyError
from sqlalchemy import select
from structlog.testing import capture_logs

from tasks.consumer import consumer as module
from tasks.consumer.consumer import Consumer
from tests.workflow.world import World
from workflow.broker.dead_messages import UNREADABLE
from workflow.store.schema import dead_messages


def test_it_is_given_back_once_and_kept_the_second_time(
    world: World, database_url: str, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", database_url)
    consumer: Any = Consumer.__new__(Consumer)  # no worker: it is asked about one message
    with Connection(valkey_url) as connection, connection.SimpleQueue("given-back") as queue:
        queue.put(["ada@example.com"])
        for kept in (0, 1):
            with capture_logs() as log:
                consumer._try_once_more(queue.get(timeout=20), ValueError("ada@example.com"))
            assert "ada@example.com" not in repr(log)
            with world.store.connect() as store:
                rows = store.execute(select(dead_messages)).all()
            assert len(rows) == kept
        assert (rows[0].reason, rows[0].body) == (UNREADABLE, b'["ada@example.com"]')
        with pytest.raises(queue.Empty):
            queue.get(block=False)


def test_a_connection_lost_over_a_message_that_was_not_confirmed_does_not_end_the_worker(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer: Any = Consumer.__new__(Consumer)
    consumer.app = Celery(broker=valkey_url, set_as_current=False)
    consumer.app.conf.worker_cancel_long_running_tasks_on_connection_loss = True  # else it warns
    consumer.connection = Connection(valkey_url)
    with consumer.connection.SimpleQueue("lost") as queue:
        queue.put("a message")
        queue.get(timeout=20)  # and not acknowledged
        monkeypatch.setattr(queue.channel, "_disconnect_pools", lambda: refuse(queue.channel))
        with capture_logs() as log:
            consumer.on_connection_error_after_connected(ConnectionError("gone"))
    assert consumer.connection is None
    assert "was not closed properly" in repr(log)


def test_a_broker_that_refuses_what_it_is_asked_is_not_asked_again_at_once(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer: Any = Consumer.__new__(Consumer)
    consumer.conninfo = Connection(valkey_url)
    consumer.channel_errors = consumer.conninfo.channel_errors
    waited: list[float] = []
    monkeypatch.setattr(module, "_wait", waited.append)
    consumer.on_connection_error_before_connected(ConnectionError("gone"))
    assert waited == []
    consumer.on_connection_error_before_connected(ReadOnlyError("a replica"))
    assert len(waited) == 1


def refuse(channel: Any) -> None:
    """From now on as if the server were gone."""
    channel.connection.client = None
