"""Who is started before its database waits for it, says so, and does its work once it is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.processes.workers import ROOT, WorkerProcess
from tests.servers import PostgresServer, ValkeyServer
from tests.servers.process import die_with_parent
from tests.servers.started import started
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.role import Role
from workflow.embedded.ports import free_port
from workflow.settings import Settings, as_environment
from workflow.store import migrate, open_store

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "/tests",
    "type": "promise.make",
    "subject": "promise:1",
    "data": {"words": "We call you back", "owner": "sam@example.com", "due_at": "2099-01-01T00:00:00Z"},
}


@pytest.fixture
def server(server_directory: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL for this test alone, which it may stop."""
    with started(PostgresServer, server_directory / f"later-{uuid4().hex}") as opened:
        yield opened


@pytest.fixture
def settings(server: PostgresServer, tmp_path: Path) -> Settings:
    """Of an installation whose schema is there."""
    url = server.url(server.create_database())
    migrate(url)
    return Settings(
        database_url=url, data_dir=tmp_path / "data", broker_url="memory://", api_port=free_port()
    )


@contextmanager
def api(settings: Settings, log: Path, processes: int) -> Iterator[subprocess.Popen[bytes]]:
    """`makegood api`, ended at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "workflow.cli", "api", "--processes", str(processes)],
            env={**os.environ, **as_environment(settings)},
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(http: httpx.Client, path: str, status: int) -> bool:
    """Whether it is answered so by now."""
    try:
        return http.get(path).status_code == status
    except httpx.TransportError:
        return False


@pytest.mark.sampled
@pytest.mark.parametrize("processes", [1, 2])
def test_an_api_that_is_started_first_lives_is_not_ready_and_serves_once_its_database_is_there(
    server: PostgresServer, settings: Settings, tmp_path: Path, processes: int
) -> None:
    store = open_store(settings.database)
    key = keys.create(store, Role.SYSTEM, "tests", datetime.now(UTC))
    store.close()
    server.halt()
    log = tmp_path / "api.log"
    base = f"http://127.0.0.1:{settings.api_port}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
    with api(settings, log, processes) as process, httpx.Client(base_url=base, timeout=60) as http:
        wait_until(lambda: answers(http, "/healthz", 200), seconds=60, what="the API to live")
        ready = http.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, "unreachable")
        refused = http.post("/v1/events", json=EVENT, headers=headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert refused.json()["errors"][0]["field"] == "database"
        assert "waiting for the database" in log.read_text()
        server.resume()
        wait_until(lambda: answers(http, "/readyz", 200), seconds=60, what="the API to be ready")
        assert http.post("/v1/events", json=EVENT, headers=headers).status_code == 202
        assert process.poll() is None


@pytest.mark.exhaustive
def test_an_api_that_waits_ends_when_it_is_told_to(
    server: PostgresServer, settings: Settings, tmp_path: Path
) -> None:
    server.halt()
    base = f"http://127.0.0.1:{settings.api_port}"
    with api(settings, tmp_path / "api.log", 1) as process, httpx.Client(base_url=base, timeout=60) as http:
        wait_until(lambda: answers(http, "/healthz", 200), seconds=60, what="the API to live")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.sampled
@pytest.mark.parametrize("arguments", [("--concurrency", "1"), ("--scheduler-only",)])
def test_a_worker_that_is_started_first_decides_once_its_database_is_there(
    server: PostgresServer,
    settings: Settings,
    valkey_server: ValkeyServer,
    tmp_path: Path,
    arguments: tuple[str, ...],
) -> None:
    server.halt()
    settings = Settings(**{**settings.model_dump(), "broker_url": valkey_server.url})
    argv = [sys.executable, "-m", "workflow.cli", "worker", *arguments]
    worker = WorkerProcess(argv, as_environment(settings), tmp_path / "worker.log")
    try:
        wait_until(
            lambda: "waiting for the database" in worker.log.read_text(), seconds=60, what="it to wait"
        )
        assert " ready." not in worker.log.read_text()
        server.resume()
        worker.wait_ready()
    finally:
        worker.kill_group()


@pytest.mark.exhaustive
def test_a_worker_that_waits_ends_when_it_is_told_to(
    server: PostgresServer, settings: Settings, valkey_server: ValkeyServer, tmp_path: Path
) -> None:
    server.take_no_writes(True)
    settings = Settings(**{**settings.model_dump(), "broker_url": valkey_server.url})
    argv = [sys.executable, "-m", "workflow.cli", "worker", "--concurrency", "1"]
    worker = WorkerProcess(argv, as_environment(settings), tmp_path / "worker.log")
    try:
        wait_until(lambda: "it takes no writes" in worker.log.read_text(), seconds=60, what="it to wait")
        worker.signal(signal.SIGTERM)
        assert worker.wait_ended(30) == 0
    finally:
        worker.kill_group()


@pytest.mark.sampled
def test_who_has_the_wrong_password_is_told_at_once_and_ends(
    server: PostgresServer, settings: Settings, valkey_server: ValkeyServer, tmp_path: Path
) -> None:
    server.ask_for_password("clerk", "right")
    url = settings.database.replace("postgres@", "clerk:wrong@")
    settings = Settings(**{**settings.model_dump(), "database_url": url, "broker_url": valkey_server.url})
    argv = [sys.executable, "-m", "workflow.cli", "worker", "--concurrency", "1"]
    worker = WorkerProcess(argv, as_environment(settings), tmp_path / "worker.log")
    try:
        with api(settings, tmp_path / "api.log", 1) as door:
            assert door.wait(timeout=60) == 1
        assert worker.wait_ended(60) == 1
    finally:
        worker.kill_group()
    for log in (tmp_path / "api.log", worker.log):
        said = log.read_text()
        assert "MAKEGOOD_DATABASE_URL" in said and "password authentication failed" in said
        assert "wrong" not in said


@pytest.mark.exhaustive
def test_an_api_that_waits_ends_when_its_database_comes_and_refuses_it(
    server: PostgresServer, settings: Settings, tmp_path: Path
) -> None:
    server.ask_for_password("clerk", "right")
    url = settings.database.replace("postgres@", "clerk:wrong@")
    settings = Settings(**{**settings.model_dump(), "database_url": url})
    server.halt()
    log = tmp_path / "api.log"
    base = f"http://127.0.0.1:{settings.api_port}"
    with api(settings, log, 1) as process, httpx.Client(base_url=base, timeout=60) as http:
        wait_until(lambda: answers(http, "/healthz", 200), seconds=60, what="the API to live")
        server.resume()
        assert process.wait(timeout=60) == 1
    assert "password authentication failed" in log.read_text()
