"""`makegood up` for real: all processes, one killed, the broker lost, everything ended."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.supervisor.programs import runs
from tests.waiting import wait_until
from workflow.access.first_key import FILE as KEY_FILE
from workflow.broker.app import celery_app
from workflow.embedded.address import embedded_url
from workflow.embedded.ports import free_port
from workflow.settings import Settings
from workflow.supervisor.checks import http_ok, worker_answers
from workflow.supervisor.flower import PASSWORD_FILE

ROOT = Path(__file__).parents[2]


class Up:
    """A running `makegood up` in a directory of its own."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.data_dir = directory / "data"
        self.api, self.flower = free_port(), free_port()
        self._said = directory / "said"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workflow.cli", "up", "--concurrency", "1", *arguments],
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "MAKEGOOD_DATA_DIR": str(self.data_dir),
                    "MAKEGOOD_API_PORT": str(self.api),
                    "MAKEGOOD_FLOWER_PORT": str(self.flower),
                },
                cwd=directory,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """Everything on its terminal so far."""
        return self._said.read_text()

    def wait_said(self, words: str, times: int = 1) -> None:
        """Wait for words on its terminal; fails at once when it has ended."""
        wait_until(
            lambda: self.said().count(words) >= times or self.process.poll() is not None,
            seconds=90,
            what=f"{words!r}; it said: {self.said()}",
        )
        assert self.said().count(words) >= times, self.said()

    def pids(self) -> dict[str, int]:
        """The processes that its logs name, the newest of each."""
        found = {}
        for log in (self.data_dir / "logs").glob("*.log"):
            starts = re.findall(
                r"^--- makegood: .* process (\d+)$", log.read_text(errors="replace"), re.MULTILINE
            )
            found[log.stem] = int(starts[-1])
        return found


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Everything up; whatever the tests did, it must end by SIGTERM and leave nothing behind."""
    running = Up(tmp_path_factory.mktemp("up"))
    try:
        running.wait_said("makegood is up")
        pids = set(running.pids().values())
        yield running
        pids |= set(running.pids().values())
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=60) == 0, running.said()
    finally:
        # After a test that failed: the guard ends what the supervisor cannot end any more.
        running.process.kill()
        running.process.wait()
    assert [pid for pid in pids if runs(pid)] == []


def test_flower_answers_behind_its_password_and_a_stopped_worker_is_noticed(up: Up) -> None:
    url = f"http://127.0.0.1:{up.flower}"
    password = (up.data_dir / PASSWORD_FILE).read_text().strip()
    with httpx.Client(trust_env=False) as http:
        assert http.get(f"{url}/api/workers").status_code == 401
        found: list[str] = []

        def known() -> bool:
            asked = {"params": {"refresh": 1}, "auth": ("makegood", password), "timeout": 30}
            found[:] = http.get(f"{url}/api/workers", **asked).json()
            return bool(found)

        wait_until(known, seconds=60, what="Flower to know the worker")
    assert [name.partition("@")[0] for name in found] == ["worker-1"]
    assert password not in up.said()

    app = celery_app(Settings(broker_url=embedded_url(up.data_dir)))
    answers = worker_answers(app, *found, without_broker=True)
    wait_until(answers, seconds=60, what="the worker to answer")
    worker = up.pids()["worker-1"]
    os.kill(worker, signal.SIGSTOP)
    assert not answers()
    os.kill(worker, signal.SIGCONT)
    wait_until(answers, seconds=60, what="the worker to answer again")


@pytest.mark.parametrize("without_broker", [True, False])
def test_a_worker_is_not_blamed_for_a_broker_that_is_away(without_broker: bool) -> None:
    app = celery_app(Settings(broker_url=f"redis://127.0.0.1:{free_port()}/0"))
    assert worker_answers(app, "worker-1@here", without_broker=without_broker)() is without_broker


def test_the_first_key_opens_the_door_and_a_killed_worker_and_a_lost_broker_come_back(up: Up) -> None:
    file = up.data_dir / KEY_FILE
    key = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert up.said().count(key) == 1
    with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{up.api}") as http:
        assert http.get("/v1/subjects").status_code == 401
        assert http.get("/v1/subjects", headers={"Authorization": f"Bearer {key}"}).status_code == 200

    os.kill(up.pids()["worker-1"], signal.SIGKILL)
    up.wait_said("worker-1   ready", times=2)
    os.kill(up.pids()["broker"], signal.SIGKILL)
    up.wait_said("broker     ready", times=2)
    ready = http_ok(f"http://127.0.0.1:{up.api}/readyz")
    wait_until(ready, seconds=60, what="the API to be ready again")
