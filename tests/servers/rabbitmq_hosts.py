"""One RabbitMQ for all tests of a process that do not end it: each has a virtual host of its own.

To start a node takes more than most of these tests do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.broker import BrokerServer
from tests.servers.rabbitmq import RabbitServer
from tests.servers.started import started

_HOSTS = [f"test-{number}" for number in range(16)]
"""More than there are such tests; each costs the node a little when it starts."""


class RabbitHost:
    """A virtual host in which nothing is, of a node that others use, too."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """Nobody may: raises RuntimeError."""
        raise RuntimeError("others use this node: take one of your own (`brokers.own`)")

    def forget(self) -> None:
        """Nobody may: raises RuntimeError."""
        self.stop()


class RabbitHosts:
    """Hands out the virtual hosts of one node, each once."""

    def __init__(self, server: RabbitServer) -> None:
        self._server = server
        self._free = list(_HOSTS)

    def take(self) -> BrokerServer:
        """One that nobody has had."""
        return RabbitHost(self._server.url.removesuffix("/") + self._free.pop())


@contextmanager
def rabbit_hosts(directory: Path) -> Iterator[RabbitHosts]:
    """Those of a node that ends afterwards."""
    with started(lambda place: RabbitServer(place, _HOSTS), directory) as server:
        yield RabbitHosts(server)
