"""An installation for a test: a real broker of its own, a fresh database, and workers to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes.installation import Installation
from tests.servers import BrokerServer, RabbitServer, ValkeyServer
from tests.servers.rabbitmq_hosts import RabbitHosts
from tests.servers.started import started

_BROKERS: dict[str, Callable[[Path], BrokerServer]] = {"valkey": ValkeyServer, "rabbitmq-own": RabbitServer}


@pytest.fixture
def broker_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerServer]:
    """A running broker for this test alone: Valkey, or what the test is parametrized with (`brokers.py`).

    ``rabbitmq`` is a virtual host of a node that no test may end; ``rabbitmq-own`` is a node.
    """
    kind = getattr(request, "param", "valkey")
    if kind == "rabbitmq":
        hosts: RabbitHosts = request.getfixturevalue("rabbitmq_hosts")
        yield hosts.take()
        return
    with started(_BROKERS[kind], tmp_path) as server:
        yield server


@pytest.fixture
def installation(tmp_path: Path, broker_server: BrokerServer, database_url: str) -> Iterator[Installation]:
    """On SQLite and on PostgreSQL in turn."""
    with Installation(tmp_path, broker_server, database_url) as installation:
        yield installation


@pytest.fixture
def sqlite_installation(tmp_path: Path, broker_server: BrokerServer) -> Iterator[Installation]:
    """On SQLite, for what does not depend on the store."""
    with Installation(tmp_path, broker_server, f"sqlite:///{tmp_path / 'makegood.db'}") as installation:
        yield installation
