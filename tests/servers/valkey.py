"""A real Valkey (or Redis) for tests: the product's own embedded broker, as a process of the test run."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import redis

from tests.servers.process import ServerMissing, die_with_parent
from tests.waiting import wait_until
from workflow.embedded.broker import answers, plan_broker
from workflow.errors import EmbeddedServerMissing


class ValkeyServer:
    """One Valkey below `directory`. Over restarts it keeps its address and nothing else."""

    def __init__(self, directory: Path) -> None:
        try:
            self._plan = plan_broker(directory)
        except EmbeddedServerMissing as error:
            raise ServerMissing(str(error)) from error
        self._log = directory / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = self._plan.url

    def start(self) -> None:
        """Start it, empty; returns once it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._plan.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        wait_until(self._is_up, seconds=60, what="Valkey to answer")

    def stop(self) -> None:
        """End it as a crash would (SIGKILL): what it held is gone. Harmless when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def hang(self) -> None:
        """Have it answer nothing from now on: connections stay, new ones are taken."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End that."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def forget(self) -> None:
        """Nothing is to be done: it never keeps anything."""

    def flush(self) -> None:
        """Forget every key, with the server staying up."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _is_up(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"Valkey ended: {self._log.read_text()[-2000:]}")
        return answers(self.url)
