"""Redis Cluster, really run: one shard is a broker; what cannot be one is refused by the setting's name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pydantic import ValidationError

from tests.processes.installation import CUSTOMER, Installation
from tests.servers.cluster import ClusterServer
from tests.servers.started import started
from workflow.broker.app import celery_app
from workflow.broker.notifier import Notifier
from workflow.broker.redis_cluster import refuse_cluster
from workflow.broker.task_names import QUEUE
from workflow.embedded.ports import LOOPBACK, free_port
from workflow.errors import SettingsError
from workflow.maintenance.doctor import examine
from workflow.settings import Settings

PREFIX = "{makegood}."


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterServer]:
    """Three masters and their replicas."""
    with started(ClusterServer, tmp_path_factory.mktemp("sharded")) as server:
        yield server


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterServer]:
    """A master with all slots, and its replica."""
    with started(
        lambda directory: ClusterServer(directory, shards=1), tmp_path_factory.mktemp("single")
    ) as one:
        yield one


def settings(url: str, directory: Path, prefix: str = "") -> Settings:
    """Of an installation whose broker that is."""
    database = f"sqlite:///{directory / 'makegood.db'}"
    return Settings(broker_url=url, key_prefix=prefix, data_dir=directory, database_url=database)


@pytest.mark.timeout(200)
def test_a_cluster_of_one_shard_is_a_broker(tmp_path: Path, single: ClusterServer) -> None:
    with Installation(tmp_path, single, f"sqlite:///{tmp_path / 'makegood.db'}") as installation:
        installation.configure(key_prefix=PREFIX)
        installation.workers.start("--concurrency", "2").wait_ready()
        installation.send(installation.promise("soon", due_in=2, customer=CUSTOMER))
        installation.wait(installation.notices, what="a notice, which came over the broker")
        with redis.Redis(LOOPBACK, single.masters[0]) as client:
            client.lpush(f"{PREFIX}{QUEUE}", b"no message")
            installation.wait(lambda: len(installation.dead_letters()) == 1, what="it to be kept")
            keys = {key.decode() for key in client.scan_iter()}
            assert keys and all(key.startswith(PREFIX) for key in keys), keys
        installation.wait(lambda: installation.state("promise:soon") == "lapsed", what="it to lapse")


def test_there_who_listens_is_notified(tmp_path: Path, single: ClusterServer) -> None:
    sender, listener = (Notifier(celery_app(settings(single.url, tmp_path, PREFIX))) for _ in range(2))
    listening = listener.subscribe()
    assert listening is not None and sender.subscribers() == 1
    assert sender.notify("events")
    assert listening.wait(10) == {"events"}


def test_there_the_prefix_must_keep_all_keys_in_one_slot(tmp_path: Path, single: ClusterServer) -> None:
    """What is refused is what the cluster itself refuses."""
    with redis.Redis(LOOPBACK, single.masters[0]) as client, pytest.raises(redis.ResponseError, match="slot"):
        client.brpop(["makegood", "makegood.soon"], timeout=1)
    for prefix in ("", "makegood.", "{}makegood."):
        with pytest.raises(SettingsError, match=r"^MAKEGOOD_KEY_PREFIX: must hold a name in braces"):
            refuse_cluster(celery_app(settings(single.url, tmp_path, prefix)))
    for prefix in (PREFIX, "shop.{makegood}."):
        refuse_cluster(celery_app(settings(single.url, tmp_path, prefix)))


def test_its_replica_takes_nothing(tmp_path: Path, single: ClusterServer) -> None:
    replica = f"redis://{LOOPBACK}:{single.replicas[0]}/0"
    with pytest.raises(SettingsError, match=r"^MAKEGOOD_BROKER_URL: leads to a replica"):
        refuse_cluster(celery_app(settings(replica, tmp_path, PREFIX)))


@pytest.mark.parametrize("command", [("worker",), ("api", "--port", "0")])
def test_over_several_shards_nothing_is_started(
    tmp_path: Path, sharded: ClusterServer, command: tuple[str, ...]
) -> None:
    environment = os.environ | {
        "MAKEGOOD_BROKER_URL": sharded.url,
        "MAKEGOOD_KEY_PREFIX": PREFIX,
        "MAKEGOOD_DATA_DIR": str(tmp_path),
    }
    run = [sys.executable, "-m", "workflow.cli", *command]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=120)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "MAKEGOOD_BROKER_URL: leads to a Redis Cluster of 3 shards" in said
    assert "Traceback" not in said and "MOVED" not in said


def test_the_doctor_says_so(tmp_path: Path, sharded: ClusterServer) -> None:
    (found,) = (one for one in examine(settings(sharded.url, tmp_path)) if one.name == "broker")
    assert not found.well and "a Redis Cluster of 3 shards" in found.words


@pytest.mark.parametrize("scheme", ["rediscluster", "redis+cluster", "rediss+cluster"])
def test_no_transport_is_of_clusters(scheme: str) -> None:
    with pytest.raises(ValidationError, match="cluster of one shard"):
        Settings(broker_url=f"{scheme}://127.0.0.1:1")


def test_a_server_that_is_none_or_away_is_no_reason(tmp_path: Path, valkey_url: str) -> None:
    refuse_cluster(celery_app(settings(valkey_url, tmp_path)))
    refuse_cluster(celery_app(settings(f"redis://{LOOPBACK}:{free_port()}/0", tmp_path)))
    refuse_cluster(celery_app(settings("amqp://127.0.0.1:1", tmp_path)))
