"""Two hosts share the database, the broker and the settings that docs/howto/several-hosts.md names."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes.installation import Installation
from tests.processes.workers import WorkerProcess
from tests.waiting import wait_until
from workflow.embedded.ports import free_port
from workflow.settings import as_environment

PROMISES = 60


class Host:
    """An API and a worker, in a data directory of their own."""

    def __init__(self, installation: Installation, directory: Path) -> None:
        directory.mkdir()
        self.port = free_port()
        settings = installation.settings.model_copy(update={"data_dir": directory, "api_port": self.port})
        self._started: list[WorkerProcess] = []
        for argv, ready in (
            (["api"], "startup complete"),
            (["worker", "--concurrency", "1", "--name", directory.name], " ready."),
        ):
            program = [sys.executable, "-m", "workflow.cli", *argv]
            log = directory / f"{argv[0]}.log"
            self._started.append(WorkerProcess(program, as_environment(settings), log, ready=ready))

    def wait_ready(self) -> None:
        """Until both serve."""
        for one in self._started:
            one.wait_ready()

    def post(self, key: str, events: list[dict[str, Any]]) -> None:
        """A batch of events at this host's door."""
        headers = {"authorization": f"Bearer {key}", "content-type": "application/cloudevents-batch+json"}
        url = f"http://127.0.0.1:{self.port}/v1/events"
        answer = httpx.post(url, json=events, headers=headers, trust_env=False, timeout=30)
        assert answer.status_code == 202, answer.text

    def die(self) -> None:
        """All of it at once."""
        for one in self._started:
            one.kill_group()


@pytest.mark.exhaustive
@pytest.mark.timeout(200)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_hosts_do_everything_once_though_one_dies(installation: Installation, tmp_path: Path) -> None:
    secret = "the same secret on every host, long enough"
    installation.configure(link_secret=secret)
    hosts = [Host(installation, tmp_path / name) for name in ("host-a", "host-b")]
    try:
        for host in hosts:
            host.wait_ready()
        key = installation.key()
        made = [installation.promise(f"P-{number}", due_in=6).to_json() for number in range(PROMISES)]
        hosts[0].post(key, made[::2])
        hosts[1].post(key, made[1::2])
        installation.wait(lambda: len(installation.moves("make")) == PROMISES, what="all promises")
        hosts[0].die()
        installation.wait(lambda: len(installation.moves("lapse")) == PROMISES, what="all to lapse")
        times = Counter(one.key for one in installation.moves("lapse"))
        assert set(times.values()) == {1}
        wait_until(
            lambda: "published" not in {one.state for one in installation.effects()}
            and "pending" not in {one.state for one in installation.effects()},
            seconds=60, what="everything to be told", seen=installation.seen,
        )  # fmt: skip
        assert {one.state for one in installation.effects()} <= {"settled", "unknown"}
        assert sum(one.state == "unknown" for one in installation.effects()) <= 8, "in the hands of who died"
    finally:
        for host in hosts:
            host.die()
