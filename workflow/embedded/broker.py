"""The embedded broker: a real Valkey or Redis on a loopback port, without persistence.

The broker is transport and SQL is the truth, so it keeps nothing on disk and may come back empty. It asks
for a generated password, since every account of a machine can reach its loopback.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import redis

from workflow.embedded.address import configuration_file
from workflow.embedded.binary import find_broker_binary
from workflow.embedded.ports import LOOPBACK, free_port


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """How the embedded broker is started: its address and its command, the same at every restart."""

    port: int
    url: str
    argv: tuple[str, ...]


def plan_broker(data_dir: Path, *, port: int | None = None) -> BrokerPlan:
    """Choose a port and write the broker's configuration below `data_dir` (readable by its owner alone).

    Raises EmbeddedServerMissing when this machine has no server to run.
    """
    binary = find_broker_binary()
    configuration = configuration_file(data_dir)
    directory = configuration.parent
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen = port or free_port()
    password = secrets.token_urlsafe(24)
    configuration.touch(mode=0o600)
    configuration.write_text(_configuration(chosen, password, directory), encoding="utf-8")
    url = f"redis://:{password}@{LOOPBACK}:{chosen}/0"
    return BrokerPlan(chosen, url, (str(binary), str(configuration)))


def _configuration(port: int, password: str, directory: Path) -> str:
    """No persistence, loopback only, and an error rather than a dropped message when memory is out."""
    return "\n".join(
        (
            f"bind {LOOPBACK}",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{directory}"',
            'save ""',
            "appendonly no",
            "maxmemory-policy noeviction",
            "daemonize no",
            "",
        )
    )


def answers(url: str) -> bool:
    """Whether a Redis or Valkey at `url` answers PING now."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
