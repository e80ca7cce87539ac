"""On which brokers and stores a test of processes runs, where one pair is not enough."""

from __future__ import annotations

import pytest

each_broker = pytest.mark.parametrize("broker_server", ["valkey", "rabbitmq"], indirect=True)
"""For an installation on SQLite."""
each_broker_and_store = pytest.mark.parametrize(
    ("database_url", "broker_server"),
    [("sqlite", "valkey"), ("postgresql", "valkey"), ("postgresql", "rabbitmq")],
    indirect=True,
)
"""Every broker and every store; who runs RabbitMQ does not run SQLite."""
