"""Real servers for tests."""

from tests.servers.broker import BrokerServer
from tests.servers.postgres import PostgresServer
from tests.servers.process import ServerMissing
from tests.servers.rabbitmq import RabbitServer
from tests.servers.valkey import ValkeyServer

__all__ = ["BrokerServer", "PostgresServer", "RabbitServer", "ServerMissing", "ValkeyServer"]
