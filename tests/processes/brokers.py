"""On which brokers and stores a test of processes runs, where one pair is not enough."""

from __future__ import annotations

import pytest

_OWN = pytest.param("rabbitmq-own", id="rabbitmq")
each_broker_of_its_own = pytest.mark.parametrize("broker_server", ["valkey", _OWN], indirect=True)
"""For an installation on SQLite, in a test that ends its broker."""
each_pair = pytest.mark.parametrize(
    ("database_url", "broker_server"),
    [("sqlite", "valkey"), ("postgresql", "valkey"), ("postgresql", "rabbitmq")],
    indirect=True,
)
"""Every broker with every store; who runs RabbitMQ does not run SQLite."""
each_broker_and_store = pytest.mark.parametrize(
    ("database_url", "broker_server"), [("sqlite", "valkey"), ("postgresql", "rabbitmq")], indirect=True
)
"""Every broker and every store once, since neither knows of the other. What each does by itself stands in
`tests/contracts` and in its own tests; that all go together is the spine's to show, on `each_pair`.
"""
each_broker_of_its_own_and_store = pytest.mark.parametrize(
    ("database_url", "broker_server"),
    [
        pytest.param("sqlite", "valkey", id="sqlite-valkey"),
        pytest.param("postgresql", "valkey", id="postgresql-valkey"),
        pytest.param("postgresql", "rabbitmq-own", id="postgresql-rabbitmq"),
    ],
    indirect=True,
)
"""Every pair, in a test of a catastrophe, which ends its broker."""
