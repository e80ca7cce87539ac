"""A database to which connections fall silent under running processes: these come back by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes.installation import Installation
from tests.servers import PostgresServer, ValkeyServer
from tests.servers.silent_network import way_to
from tests.waiting import wait_until
from workflow.embedded.ports import free_port
from workflow.settings import Settings


@pytest.fixture
def seen(tmp_path: Path, valkey_server: ValkeyServer, migrated_postgres_url: str) -> Iterator[Installation]:
    """With eyes of its own, which nothing keeps from the database."""
    with Installation(tmp_path, valkey_server, migrated_postgres_url) as installation:
        installation.configure(api_port=free_port())
        yield installation


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
def test_worker_and_api_go_on_over_new_connections(
    seen: Installation, postgres_server: PostgresServer
) -> None:
    with way_to(postgres_server.port) as way:
        url = seen.settings.database.replace(f":{postgres_server.port}/", f":{way.port}/")
        workers = seen.workers
        workers.settings = Settings(**{**seen.settings.model_dump(), "database_url": url})
        workers.start("--concurrency", "2").wait_ready()
        door = workers.start_api()
        headers = {"Authorization": f"Bearer {seen.key()}"}
        with httpx.Client(base_url=door, headers=headers, timeout=60) as http:
            wait_until(lambda: answers(http), seconds=60, what="the API to be ready")
            seen.send(seen.promise("before", due_in=0.5))
            seen.wait(lambda: seen.state("promise:before") == "lapsed", what="a worker at work")
            way.fall_silent()
            seen.send(seen.promise("meanwhile", due_in=1))
            seen.wait(lambda: seen.state("promise:meanwhile") == "lapsed", what="a deadline, nevertheless")
            wait_until(lambda: answers(http), seconds=60, what="the API to be ready again")


def answers(http: httpx.Client) -> bool:
    """Whether the API is ready by now."""
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
