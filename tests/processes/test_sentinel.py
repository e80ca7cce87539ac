"""Redis Sentinel as the broker, really run: the spine, a master that dies, and what is no message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pydantic import ValidationError

from tests.processes.installation import CUSTOMER, Installation
from tests.servers.sentinel import MASTER, SentinelServer
from tests.servers.started import started
from workflow.broker.task_names import QUEUE
from workflow.embedded.ports import LOOPBACK
from workflow.settings import Settings


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[SentinelServer]:
    """Running, for this test alone."""
    with started(SentinelServer, tmp_path) as server:
        yield server


@pytest.mark.exhaustive
@pytest.mark.timeout(200)
def test_when_the_master_dies_another_is_used_and_nothing_is_lost(
    tmp_path: Path, sentinels: SentinelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEGOOD_BROKER_MASTER", MASTER)
    with Installation(tmp_path, sentinels, f"sqlite:///{tmp_path / 'makegood.db'}") as installation:
        installation.workers.start("--concurrency", "2").wait_ready()
        installation.send(installation.promise("before", due_in=3, customer=CUSTOMER))
        installation.wait(installation.notices, what="a notice, which came over the broker")
        with redis.Redis(LOOPBACK, sentinels.master()) as client:
            client.lpush(QUEUE, b"no message")
        installation.wait(lambda: len(installation.dead_letters()) == 1, what="it to be kept")

        installation.send(installation.promise("meanwhile", due_in=4, customer=CUSTOMER))
        died = sentinels.kill_master()
        installation.wait(
            lambda: installation.state("promise:meanwhile") == "lapsed", what="a deadline in time"
        )
        installation.wait(lambda: sentinels.master() != died, what="the sentinels to name another")
        installation.send(installation.promise("after", due_in=2, customer=CUSTOMER))
        told = lambda: {one["subject"] for one in installation.notices()}  # noqa: E731
        expected = {"promise:before", "promise:meanwhile", "promise:after"}
        installation.wait(lambda: told() >= expected, what="all to be told")


@pytest.mark.exhaustive
@pytest.mark.timeout(200)
def test_deadlines_are_decided_though_masters_and_sentinels_hang(
    tmp_path: Path, sentinels: SentinelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEGOOD_BROKER_MASTER", MASTER)
    with Installation(tmp_path, sentinels, f"sqlite:///{tmp_path / 'makegood.db'}") as installation:
        installation.workers.start("--concurrency", "2").wait_ready()
        installation.send(installation.promise("before", due_in=0.5))
        installation.wait(lambda: installation.state("promise:before") == "lapsed", what="a worker at work")
        sentinels.hang()
        installation.runtime.engine.accept([installation.promise("meanwhile", due_in=2)])
        installation.wait(
            lambda: installation.state("promise:meanwhile") == "lapsed", what="a deadline, while all hang"
        )
        sentinels.go_on()


def test_sentinels_must_be_told_whom_to_name() -> None:
    with pytest.raises(ValidationError, match="must name the master"):
        Settings(broker_url="sentinel://127.0.0.1:1")
