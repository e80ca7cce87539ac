"""Real servers for tests."""

from tests.servers.postgres import PostgresServer
from tests.servers.process import ServerMissing
from tests.servers.valkey import ValkeyServer

__all__ = ["PostgresServer", "ServerMissing", "ValkeyServer"]
