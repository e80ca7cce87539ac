"""docker-compose.yml is sound, and its own commands come up healthy by its own health checks.

Docker is not needed: each of our services runs as a process, with the environment that Compose would give it,
against a real PostgreSQL and a real Valkey.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ground import compose
from tests.waiting import wait_until
from workflow.embedded.ports import free_port
from workflow.supervisor.guard import Guard

PASSWORDS = {
    "POSTGRES_PASSWORD": "chosen1",
    "REDIS_PASSWORD": "chosen4",
    "FLOWER_PASSWORD": "chosen2",
    "LINK_SECRET": "chosen3-sixteen-characters",
}
OURS = ("migrate", "api", "worker", "flower")
ROOT = compose.FILE.parent


def test_every_service_that_stays_says_how_healthy_it_is() -> None:
    silent = [name for name, service in compose.services(PASSWORDS).items() if "healthcheck" not in service]
    assert silent == ["migrate"]


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [
        port for service in compose.services(PASSWORDS).values() for port in service.get("ports", [])
    ]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("missing", sorted(PASSWORDS))
def test_no_password_is_baked_in(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        compose.services({name: value for name, value in PASSWORDS.items() if name != missing})


def test_the_broker_takes_nobody_without_its_password(tmp_path: Path) -> None:
    service = compose.services(PASSWORDS)["redis"]
    [command] = [part for part in service["command"] if "redis-server" in part]
    written, _, started = command.partition(" && exec ")
    file = tmp_path / "redis.conf"
    subprocess.run(
        ["sh", "-c", written.replace("/tmp/redis.conf", str(file))], check=True, env=service["environment"]
    )
    assert file.read_text() == "requirepass chosen4\n"
    assert file.stat().st_mode & 0o077 == 0
    assert started.startswith("redis-server /tmp/redis.conf ")
    assert "chosen4" not in command, "what is among the arguments every process list shows"


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert users == ["makegood"]


class Here:
    """Compose's world on this machine: its host names and ports in other words."""

    def __init__(self, postgres_url: str, valkey_url: str, directory: Path) -> None:
        self._services = compose.services(PASSWORDS)
        self._directory = directory
        self._places = {
            "postgresql://makegood:chosen1@postgres:5432/makegood": postgres_url,
            "redis://:chosen4@redis:6379/0": valkey_url,
            "0.0.0.0": "127.0.0.1",
            "8080": str(free_port()),
            "5555": str(free_port()),
            "mailpit": "127.0.0.1",
        }
        # What the image has on PATH.
        for name, command in {"makegood": "-P -m workflow.cli"}.items():
            shim = directory / name
            shim.write_text(
                f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command} "$@"\n', encoding="utf-8"
            )
            shim.chmod(0o755)
        self._environment = {
            "PATH": f"{directory}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOSTNAME": socket.gethostname(),
            "MAKEGOOD_DATA_DIR": str(directory / "data"),
            "MAKEGOOD_KEY_PREFIX": "compose:",
        }

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """The service's own command."""
        with (self._directory / f"{name}.log").open("wb") as log:
            return self._popen(name, self._services[name]["command"], log)

    def healthy(self, name: str) -> bool:
        """The service's own health check."""
        kind, *check = self._services[name]["healthcheck"]["test"]
        argv = ["sh", "-c", *check] if kind == "CMD-SHELL" else check
        return self._popen(name, argv, subprocess.DEVNULL).wait(timeout=60) == 0

    def log(self, name: str) -> str:
        """What the service has said, for whoever has to find out why."""
        return (self._directory / f"{name}.log").read_text(errors="replace")[-3000:]

    def _popen(self, name: str, argv: list[str], output: Any) -> subprocess.Popen[bytes]:
        given = {key: self._here(value) for key, value in self._services[name]["environment"].items()}
        return subprocess.Popen(
            [self._here(argument) for argument in argv],
            env={**os.environ, **given, **self._environment},
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _here(self, text: str) -> str:
        # In one go: the name of a database may hold the digits of a port.
        known = "|".join(re.escape(there) for there in self._places)
        return re.sub(known, lambda found: self._places[found[0]], text)


@pytest.fixture
def here(postgres_url: str, valkey_url: str, tmp_path: Path) -> Here:
    """A place to run Compose's services, its database and broker real and empty."""
    return Here(postgres_url, valkey_url, tmp_path)


@pytest.fixture
def start(here: Here) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start services that end with the test, their pools included."""
    guard = Guard(grace=10.0)
    started: list[subprocess.Popen[bytes]] = []

    def begin(name: str) -> subprocess.Popen[bytes]:
        process = here.start(name)
        started.append(process)
        guard.add(process.pid)
        return process

    try:
        yield begin
        for process in started:
            process.terminate()
        assert [process.wait(timeout=30) for process in started] == [0] * len(started)
    finally:
        guard.close()


def test_its_commands_come_up_healthy(here: Here, start: Callable[[str], subprocess.Popen[bytes]]) -> None:
    assert start("migrate").wait(timeout=60) == 0, here.log("migrate")
    running = {name: start(name) for name in OURS if name != "migrate"}
    for name, process in running.items():
        wait_until(
            lambda name=name, process=process: process.poll() is not None or here.healthy(name),  # type: ignore[misc]
            seconds=90,
            what=f"{name} to be healthy",
            every=0.5,  # each question is a process of its own
        )
        assert process.poll() is None, here.log(name)
