"""`makegood demo` for real: the whole story, an interruption, and a start that fails half way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from celery import Celery

from tests.servers.rabbitmq_hosts import RabbitHosts
from tests.waiting import wait_until
from workflow.cli.demo import DEFAULT, TITLES
from workflow.demo.performance import LIMIT_SECONDS
from workflow.store import migrate

ROOT = Path(__file__).parents[2]
MARK = "DEMO_OF_TEST"


class Demo:
    """A running `makegood demo` without a terminal, in a directory of its own."""

    def __init__(self, directory: Path, *arguments: str, **environment: str) -> None:
        self.data_dir = directory / "data"
        self._said = directory / "said"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workflow.cli", "demo", *arguments],
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "MAKEGOOD_DATA_DIR": str(self.data_dir),
                    "MAKEGOOD_API_PORT": "0",
                    "MAKEGOOD_FLOWER_PORT": "0",
                    MARK: str(directory),
                    **environment,
                },
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """Everything it printed so far."""
        return self._said.read_text()

    def wait_said(self, words: str) -> None:
        """Wait for words; fails at once when it has ended without them."""
        wait_until(
            lambda: words in self.said() or self.process.poll() is not None,
            seconds=100,
            what=repr(words),
            seen=self.said,
        )
        assert words in self.said()

    def end(self, seconds: float) -> int:
        """Its exit code."""
        return self.process.wait(timeout=seconds)

    def left_behind(self) -> list[str]:
        """Its directories that are still there."""
        return [path.name for path in self.data_dir.glob("demo-*")]


def running(directory: Path) -> list[str]:
    """Processes that carry the mark of the demonstration of this directory: it and all its descendants."""
    return [
        " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["environ", "cmdline", "status"])
        if (process.info["environ"] or {}).get(MARK) == str(directory)
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Where one demonstration runs; nothing of it may be left afterwards."""
    yield tmp_path
    assert running(tmp_path) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(LIMIT_SECONDS + 60)
def test_the_story_ends_as_it_should(directory: Path) -> None:
    demo = Demo(directory)
    demo.wait_said("initial -> made")
    assert len(running(directory)) > 5
    assert demo.end(LIMIT_SECONDS + 30) == 0, demo.said()
    assert "The story ended as it should." in demo.said()
    assert "✗" not in demo.said()
    assert demo.left_behind() == []


@pytest.mark.exhaustive
def test_ctrl_c_in_the_middle_leaves_nothing_behind(directory: Path) -> None:
    demo = Demo(directory)
    demo.wait_said("initial -> made")
    demo.process.send_signal(signal.SIGINT)
    assert demo.end(60) == 130, demo.said()
    assert demo.left_behind() == []


@pytest.mark.exhaustive
def test_a_start_that_fails_half_way_says_why_and_leaves_no_process(directory: Path) -> None:
    # An address of RFC 5737, which no machine has: the API cannot listen there.
    demo = Demo(directory, MAKEGOOD_API_HOST="192.0.2.1")
    assert demo.end(90) == 1, demo.said()
    assert "makegood: api: ended with exit code" in demo.said()
    assert "--- api.log" in demo.said()
    assert len(demo.left_behind()) == 1


@pytest.mark.exhaustive
@pytest.mark.timeout(LIMIT_SECONDS + 120)
@pytest.mark.parametrize("number", [number for number in TITLES if number != DEFAULT])
def test_each_other_story_ends_as_it_should_on_rabbitmq(
    directory: Path, rabbitmq_hosts: RabbitHosts, number: int
) -> None:
    """What `make demo` plays is told above, on the broker that it brings along; each is told once."""
    url = rabbitmq_hosts.take().url
    demo = Demo(directory, "--broker-as-set", "--story", str(number), MAKEGOOD_BROKER_URL=url)
    assert demo.end(LIMIT_SECONDS + 30) == 0, demo.said()
    assert "The story ended as it should." in demo.said()


@pytest.mark.exhaustive
def test_a_broker_on_which_somebody_works_is_refused(directory: Path, valkey_url: str) -> None:
    settings = {"MAKEGOOD_BROKER_URL": valkey_url, "MAKEGOOD_DATABASE_URL": f"sqlite:///{directory}/other.db"}
    migrate(settings["MAKEGOOD_DATABASE_URL"])
    worker = subprocess.Popen(
        [sys.executable, "-m", "workflow.cli", "worker", "--concurrency", "1", "--name", "theirs"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings, "MAKEGOOD_DATA_DIR": str(directory)},
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        app = Celery(broker=valkey_url)
        wait_until(lambda: app.control.ping(timeout=0.5), seconds=60, what="the worker to answer")
        demo = Demo(directory, "--broker-as-set", MAKEGOOD_BROKER_URL=valkey_url)
        assert demo.end(60) == 1
        assert "MAKEGOOD_BROKER_URL: is not the demonstration's alone: theirs@" in demo.said()
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    assert Demo(directory, "--broker-as-set").end(60) == 1, "there is none"
