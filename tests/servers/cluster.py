"""A real Valkey Cluster: masters that share the slots, each with replicas, all on loopback."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import redis

from tests.servers.process import ServerMissing, die_with_parent
from tests.waiting import wait_until
from workflow.embedded.binary import find_broker_binary
from workflow.embedded.ports import LOOPBACK, free_port
from workflow.errors import EmbeddedServerMissing

_SLOTS = 16_384


class ClusterServer:
    """So many shards below `directory`, each a master with a replica; `url` names the first master."""

    def __init__(self, directory: Path, shards: int = 3) -> None:
        try:
            self._binary = find_broker_binary()
        except EmbeddedServerMissing as error:
            raise ServerMissing(str(error)) from error
        self._directory = directory
        self.masters = [free_port() for _ in range(shards)]
        self.replicas = [free_port() for _ in range(shards)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.url = f"redis://{LOOPBACK}:{self.masters[0]}/0"

    def start(self) -> None:
        """Start all; returns once each of them knows the whole cluster, and takes commands."""
        nodes = [*self.masters, *self.replicas]
        buses = {port: free_port() for port in nodes}
        for port in nodes:
            self._spawn(port, buses[port])
        wait_until(lambda: all(_answers(port) for port in nodes), seconds=60, what="all Valkeys")
        first, *others = nodes
        share = -(-_SLOTS // len(self.masters))
        for place, port in enumerate(self.masters):
            end = min((place + 1) * share, _SLOTS) - 1
            _ask(port, "CLUSTER", "ADDSLOTSRANGE", place * share, end)
        for port in others:
            _ask(port, "CLUSTER", "MEET", LOOPBACK, first, buses[first])
        met = lambda: all(self._known(port) == len(nodes) for port in nodes)  # noqa: E731
        wait_until(met, seconds=60, what="the nodes to know each other")
        for master, replica in zip(self.masters, self.replicas, strict=True):
            _ask(replica, "CLUSTER", "REPLICATE", _ask(master, "CLUSTER", "MYID").decode())
        wait_until(self._is_whole, seconds=60, what="the cluster to be whole")

    def stop(self) -> None:
        """End all of them, as a crash would."""
        for process in self._processes:
            process.kill()
            process.wait(timeout=30)
        self._processes.clear()

    def forget(self) -> None:
        """Nothing is to be done: none keeps anything."""

    def _spawn(self, port: int, bus: int) -> None:
        folder = self._directory / str(port)
        folder.mkdir(parents=True)
        configuration = folder / "server.conf"
        lines = (
            f"bind {LOOPBACK}", f"port {port}", f"cluster-port {bus}", f'dir "{folder}"', 'save ""',
            "cluster-enabled yes", "cluster-node-timeout 2000",
        )  # fmt: skip
        configuration.write_text("\n".join((*lines, "")))
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [self._binary, configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )  # fmt: skip
        self._processes.append(process)

    def _known(self, port: int) -> int:
        return len(_ask(port, "CLUSTER", "NODES").splitlines())

    def _is_whole(self) -> bool:
        whole = all(b"cluster_state:ok" in _ask(port, "CLUSTER", "INFO") for port in self.masters)
        return whole and all(
            b"master_link_status:up" in _ask(port, "INFO", "replication") for port in self.replicas
        )


def _ask(port: int, *words: Any) -> bytes:
    with redis.Redis(LOOPBACK, port) as client:
        connection = client.connection_pool.get_connection()
        try:
            connection.send_command(*words)
            answer = connection.read_response()
        finally:
            client.connection_pool.release(connection)
    assert isinstance(answer, bytes)
    return answer


def _answers(port: int) -> bool:
    try:
        with redis.Redis(LOOPBACK, port) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
