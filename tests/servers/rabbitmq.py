"""A real RabbitMQ for tests, from Debian's package, as a node of our own: it needs no root and no service.

The package's script is run as it is, with everything that it would write below the system's directories put
elsewhere. Its port mapper is one of our own, too: else one would be left running, for whoever comes later.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import amqp

from tests.servers.process import ServerMissing, die_with_parent
from tests.waiting import wait_until
from workflow.embedded.ports import LOOPBACK, free_port

_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
"""Not those on PATH: these are wrappers that insist on the account `rabbitmq` and its directories."""
_MISSING = "RabbitMQ is missing: apt-get install --no-install-recommends rabbitmq-server"
_ACCOUNT, _PASSWORD = "makegood", "not-secret"


class RabbitServer:
    """One node below `directory`, on loopback ports of its own. Durable queues survive `stop` and `start`.

    `hosts` are names of virtual hosts beside the one of `url`: nothing of one is seen in another.
    """

    def __init__(self, directory: Path, hosts: Sequence[str] = ()) -> None:
        mapper = shutil.which("epmd")
        if mapper is None or not (_SCRIPTS / "rabbitmq-server").is_file():
            raise ServerMissing(_MISSING)
        self._mapper = mapper
        self._directory = directory / "rabbitmq"
        self._directory.mkdir()
        self._port, self._mapper_port = free_port(), free_port()
        self._environment = self._configured(free_port(), ["/", *hosts])
        self._processes: list[subprocess.Popen[bytes]] = []
        self.url = f"amqp://{_ACCOUNT}:{_PASSWORD}@{LOOPBACK}:{self._port}//"

    def start(self) -> None:
        """Start it; returns once it lets us in. Some five seconds on an idle machine."""
        self._spawn(self._mapper, "-port", str(self._mapper_port), "-address", LOOPBACK)
        self._spawn(str(_SCRIPTS / "rabbitmq-server"), "-noinput")
        wait_until(self._is_up, seconds=90, what="RabbitMQ to answer", seen=self._said)

    def stop(self) -> None:
        """End it as a crash would (SIGKILL). Harmless when it is not running."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(timeout=30)
        self._processes.clear()

    def hang(self) -> None:
        """Have it answer nothing from now on: connections stay, new ones are taken."""
        for process in self._processes:
            process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End that."""
        for process in self._processes:
            process.send_signal(signal.SIGCONT)

    def forget(self) -> None:
        """Of one that is stopped: remove what it would start with, queues and messages."""
        assert not self._processes
        shutil.rmtree(self._directory / "mnesia", ignore_errors=True)

    def control(self, *command: str) -> str:
        """What the package's `rabbitmqctl` says to a command; raises CalledProcessError."""
        argv = [_SCRIPTS / "rabbitmqctl", "--quiet", *command]
        done = subprocess.run(argv, env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout

    def let_nobody_in(self) -> None:
        """Change the password, and cut off who is connected."""
        self.control("change_password", _ACCOUNT, "another")
        self.control("close_all_connections", "the password was changed")

    def let_in(self) -> None:
        """End that."""
        self.control("change_password", _ACCOUNT, _PASSWORD)

    def _configured(self, node_port: int, hosts: Sequence[str]) -> dict[str, str]:
        """Write the configuration; the environment that the scripts are run in."""
        configuration, plugins = self._directory / "rabbitmq.conf", self._directory / "plugins"
        definitions = self._directory / "definitions.json"
        definitions.write_text(json.dumps(_definitions(hosts)))
        configuration.write_text(
            f"listeners.tcp.1 = {LOOPBACK}:{self._port}\n"
            f"load_definitions = {definitions}\n"
            "disk_free_limit.absolute = 1MB\n"
        )
        plugins.write_text("[].\n")
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")},
            "HOME": str(self._directory),  # of the cookie by which node and rabbitmqctl know each other
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_NODENAME": f"test-{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(node_port),
            "RABBITMQ_MNESIA_BASE": str(self._directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._directory / "log"),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_CONF_ENV_FILE": str(self._directory / "no-further-settings"),
            "RABBITMQ_ALLOW_INPUT": "1",  # the script becomes the node, and is not its parent
        }

    def _spawn(self, *argv: str) -> None:
        with (self._directory / "said").open("ab") as said:
            self._processes.append(
                subprocess.Popen(
                    argv,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    cwd=self._directory,
                    preexec_fn=die_with_parent(signal.SIGKILL),
                )
            )

    def _is_up(self) -> bool:
        if any(process.poll() is not None for process in self._processes):
            raise RuntimeError(f"RabbitMQ ended: {self._said()}")
        try:
            host = f"{LOOPBACK}:{self._port}"
            amqp.Connection(host=host, userid=_ACCOUNT, password=_PASSWORD, connect_timeout=5).connect()
        except (OSError, amqp.AMQPError):
            return False
        return True

    def _said(self) -> str:
        return (self._directory / "said").read_text(errors="replace")[-2000:]


def _definitions(hosts: Sequence[str]) -> dict[str, object]:
    """Virtual hosts, and one account that may do everything in each."""
    salt = b"salt"
    kept = b64encode(salt + hashlib.sha256(salt + _PASSWORD.encode()).digest()).decode()
    algorithm = "rabbit_password_hashing_sha256"
    everything = dict.fromkeys(("configure", "write", "read"), ".*")
    return {
        "users": [
            {"name": _ACCOUNT, "password_hash": kept, "hashing_algorithm": algorithm, "tags": "administrator"}
        ],
        "vhosts": [{"name": host} for host in hosts],
        "permissions": [{"user": _ACCOUNT, "vhost": host, **everything} for host in hosts],
    }
