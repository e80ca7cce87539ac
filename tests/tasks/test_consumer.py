"""A message that looks as it should and cannot be taken on all the same: once more, and then it is dead."""

from __future__ import annotations

from typing import Any

import pytest
from kombu import Connection
from sqlalchemy import select
from structlog.testing import capture_logs

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
