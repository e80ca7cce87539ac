"""A door on a real socket with a real database behind it, once a module and for each kind of database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import func, select
from starlette.types import ASGIApp

from state_machines.values.retry_policy import RetryPolicy
from tests.servers.migrated_databases import MigratedDatabases
from tests.servers.migrated_files import migrated
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.keys import Role
from workflow.api.context import ApiContext
from workflow.api.http.connections import Connections
from workflow.api.http.head_bounds import HeadBounds
from workflow.api.ingest.limits import Limits
from workflow.broker.client import Broker
from workflow.cli.serving import ApiServer, server_config
from workflow.clock import Clock, VirtualClock
from workflow.console.site import create_site
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.engine.runtime import Runtime
from workflow.settings import Settings
from workflow.store import open_store, schema

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
LIFECYCLE = Path(__file__).with_name("order.yaml")


@dataclass(frozen=True, slots=True)
class House:
    """A running door, and what is behind it."""

    runtime: Runtime
    app: ASGIApp
    door: ApiContext
    http: httpx.Client
    keys: dict[Role, str]

    def bearer(self, role: Role = Role.SYSTEM) -> dict[str, str]:
        """The header that a caller of this role sends."""
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def post(self, event: object, role: Role = Role.SYSTEM) -> httpx.Response:
        """Post one event, or a list of them as a batch."""
        kind = (
            "application/cloudevents-batch+json"
            if isinstance(event, list)
            else "application/cloudevents+json"
        )
        return self.http.post("/v1/events", json=event, headers=self.bearer(role) | {"Content-Type": kind})

    def get(self, path: str, role: Role = Role.SYSTEM, **parameters: object) -> httpx.Response:
        """Read something."""
        return self.http.get(path, params=parameters or None, headers=self.bearer(role))

    def apply(self) -> None:
        """Decide everything that was accepted, as a worker would; what another decides is waited for."""
        wait_until(self._is_decided, seconds=60, what="what was accepted to be decided")

    def _is_decided(self) -> bool:
        while self.runtime.engine.apply().decided:
            pass
        with self.runtime.store.connect() as connection:
            waiting = select(func.count()).select_from(schema.inbox).where(schema.inbox.c.dead_at.is_(None))
            return not connection.scalar(waiting)

    def counts(self) -> dict[str, int]:
        """How many rows each table has; the audit log, which is written a moment later, is not among them."""
        with self.runtime.store.connect() as connection:
            return {
                name: connection.scalar(select(func.count()).select_from(table)) or 0
                for name, table in schema.metadata.tables.items()
                if name != "audit"
            }


def order(trigger: str, subject: str, identity: str, **data: object) -> dict[str, object]:
    """An event of the lifecycle `order`, well formed."""
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "/tests",
        "type": f"order.{trigger}",
        "subject": f"order:{subject}",
        "time": "2026-07-01T11:59:00Z",
        "data": data,
    }


@contextmanager
def open_house(
    url: str,
    broker: Broker | None = None,
    *,
    limits: Limits | None = None,
    bounds: HeadBounds | None = None,
    connections: Connections | None = None,
    clock: Clock | None = None,
    port: int = 0,
    **settings: Any,
) -> Iterator[House]:
    """Migrate the database and open the door on a free port, or on this one."""
    migrated(url)
    store, clock = open_store(url), clock or VirtualClock(NOON)
    registry = Registry(store)
    registry.register([*catalog_sources(), (LIFECYCLE.read_text(encoding="utf-8"), LIFECYCLE.name)], NOON)
    configured = Settings(**settings)
    tasks = AllowedTasks.of(configured.job_tasks) if configured.job_tasks else None
    runtime = Runtime(
        configured,
        store,
        registry,
        clock,
        Engine(store, registry, clock, tasks),
        RetryPolicy(max_attempts=3),
    )
    texts = {
        role: keys.create(
            store, role, f"the tests' {role}", NOON, person=f"{role}@example.com" if role.is_person else None
        )
        for role in Role
    }
    app = create_site(runtime, broker, limits=limits)
    server = ApiServer(
        server_config(
            app,
            connections=connections or Connections(Settings().max_connections),
            refused=app.state.context.meters.ended_early,
            bounds=bounds,
            host="127.0.0.1",
            port=port,
        ),
        app.state.context.leave,
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, seconds=60, what="the door to open")
        port = server.servers[0].sockets[0].getsockname()[1]
        most = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=most, verify=False) as http:
            yield House(runtime, app, app.state.context, http, texts)
    finally:
        server.should_exit = True
        thread.join(20)
        runtime.close()


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    """Requests that a server thread logs between two tests would end up in the terminal."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door for a whole module; its tests keep to subjects of their own."""
    if request.param == "sqlite":
        with open_house(f"sqlite:///{tmp_path_factory.mktemp('door') / 'makegood.db'}") as opened:
            yield opened
        return
    databases: MigratedDatabases = request.getfixturevalue("migrated_databases")
    name = databases.take()
    with open_house(databases.url(name)) as opened:
        yield opened
    databases.give_back(name)
