"""Valkeys watched over by real sentinels: a master, a replica, and three who agree on which it is."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import redis

from tests.servers.process import ServerMissing, die_with_parent
from tests.waiting import wait_until
from workflow.embedded.binary import find_broker_binary
from workflow.embedded.ports import LOOPBACK, free_port
from workflow.errors import EmbeddedServerMissing

MASTER = "makegood"
_SENTINELS = 3


class SentinelServer:
    """All of them below `directory`, on loopback ports of their own; `url` names the sentinels."""

    def __init__(self, directory: Path) -> None:
        try:
            self._binary = find_broker_binary()
        except EmbeddedServerMissing as error:
            raise ServerMissing(str(error)) from error
        self._directory = directory
        self._servers = [free_port(), free_port()]
        self._sentinels = [free_port() for _ in range(_SENTINELS)]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.url = ";".join(f"sentinel://{LOOPBACK}:{port}" for port in self._sentinels) + "/0"

    def start(self) -> None:
        """Start all; returns once the sentinels know each other, the master and its replica."""
        first, second = self._servers
        for port in (first, second):
            self._spawn(
                port,
                f"port {port}",
                'save ""',
                *([f"replicaof {LOOPBACK} {first}"] if port == second else []),
            )
        wait_until(
            lambda: all(self._answers(port) for port in self._servers), seconds=60, what="both Valkeys"
        )
        for port in self._sentinels:
            self._spawn(
                port, f"port {port}", f"sentinel monitor {MASTER} {LOOPBACK} {first} 2",
                f"sentinel down-after-milliseconds {MASTER} 1000", f"sentinel failover-timeout {MASTER} 5000",
                sentinel=True,
            )  # fmt: skip
        wait_until(self._agree, seconds=60, what="the sentinels to know each other", seen=self._known)

    def stop(self) -> None:
        """End all of them, as a crash would."""
        for process in self._processes.values():
            process.kill()
            process.wait(timeout=30)
        self._processes.clear()

    def hang(self) -> None:
        """Have servers and sentinels answer nothing from now on: connections stay, new ones are taken."""
        for process in self._processes.values():
            process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End that."""
        for process in self._processes.values():
            process.send_signal(signal.SIGCONT)

    def forget(self) -> None:
        """Nothing is to be done: none keeps anything."""

    def master(self) -> int:
        """Port of the server that the first sentinel takes for the master."""
        with redis.Redis(LOOPBACK, self._sentinels[0]) as client:
            return int(client.sentinel_get_master_addr_by_name(MASTER)[1])

    def kill_master(self) -> int:
        """SIGKILL to the master; its port."""
        port = self.master()
        self._processes[port].kill()
        self._processes.pop(port).wait(timeout=30)
        return port

    def _spawn(self, port: int, *lines: str, sentinel: bool = False) -> None:
        folder = self._directory / str(port)
        folder.mkdir(parents=True)
        configuration = folder / "server.conf"
        configuration.write_text("\n".join((f"bind {LOOPBACK}", f'dir "{folder}"', *lines, "")))
        argv = [self._binary, configuration, *(["--sentinel"] if sentinel else [])]
        with (folder / "log").open("ab") as log:
            self._processes[port] = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )  # fmt: skip

    def _answers(self, port: int) -> bool:
        try:
            with redis.Redis(LOOPBACK, port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _known(self) -> list[dict[str, str]]:
        found = []
        for port in self._sentinels:
            if self._answers(port):
                with redis.Redis(LOOPBACK, port, decode_responses=True) as client:
                    found.append(client.sentinel_master(MASTER))
        return found

    def _agree(self) -> bool:
        known = self._known()
        return len(known) == _SENTINELS and all(
            one["num-other-sentinels"] == _SENTINELS - 1 and one["num-slaves"] == 1 for one in known
        )
