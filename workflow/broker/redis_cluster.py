"""A Redis that is a node of a cluster: which of these can be the broker, and why another cannot.

A worker waits on several queues by one command, and kombu keeps what is unacknowledged by transactions of
several keys: a cluster carries out either only where all keys lie in one slot. A connection asks one node,
and none of kombu's transports goes on to another that it is told of. So the queues can lie in a cluster of
one shard, under a prefix that keeps all keys in one slot.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from celery import Celery
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from workflow.errors import SettingsError

SCHEMES = ("redis", "rediss", "sentinel")
_TAG = re.compile(r"^[^{]*\{[^}]+\}")
"""Of a key: what stands in its first braces says alone in which slot it lies."""


class _Node(NamedTuple):
    """A server, as it says of itself: of how many shards its cluster is, and whether it is a replica."""

    shards: int
    is_replica: bool


def refuse_cluster(app: Celery) -> None:
    """Raise SettingsError, which names the setting, where the app's broker is a cluster that cannot be one.

    A broker that cannot be reached, or does not say what it is, is left to whoever waits for it.
    """
    url = str(app.conf.broker_write_url or app.conf.broker_url or "")
    if url.partition("://")[0] not in SCHEMES:
        return
    try:
        node = _asked(app)
    except (RedisError, KombuError, OSError):
        return
    if node is None:
        return
    if node.shards != 1:
        raise SettingsError(
            f"MAKEGOOD_BROKER_URL: leads to a Redis Cluster of {node.shards} shards, over which Celery's"
            " queues cannot be spread; take a Redis without sharding, a cluster of one shard, or RabbitMQ"
        )
    if not _TAG.match(str(app.conf.broker_transport_options.get("global_keyprefix") or "")):
        raise SettingsError(
            "MAKEGOOD_KEY_PREFIX: must hold a name in braces, such as {makegood}, since MAKEGOOD_BROKER_URL"
            " leads to a Redis Cluster: by it all keys lie in one slot"
        )
    if node.is_replica:
        raise SettingsError(
            "MAKEGOOD_BROKER_URL: leads to a replica of a Redis Cluster, which takes nothing;"
            " name the primary"
        )


def _asked(app: Celery) -> _Node | None:
    """What the server says of itself; None of one that is in no cluster."""
    with app.connection_for_write() as connection, connection.default_channel.conn_or_acquire() as client:
        if not int(client.info("cluster").get("cluster_enabled", 0)):
            return None
        said: Any = client.cluster("INFO")
        return _Node(int(said["cluster_size"]), client.info("replication")["role"] == "slave")
