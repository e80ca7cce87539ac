"""Fixtures that every test may ask for: real servers, started once a test process and only when asked for.

A server that is not installed skips a test on a laptop and fails it where CI=true.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import short_run
from tests.contracts.pager import REGISTRATION as PAGER
from tests.servers import PostgresServer, ServerMissing, ValkeyServer
from tests.servers.migrated_databases import MigratedDatabases
from tests.servers.migrated_files import migrated_bytes
from tests.servers.rabbitmq_hosts import RabbitHosts, rabbit_hosts
from tests.servers.started import do_without, started
from tests.workflow.world import LAMP, World, new_world
from workflow.recovery import vocabulary
from workflow.recovery.contact import channels
from workflow.store import migrate

gc.set_threshold(50_000, 20, 50)  # what is imported and compiled stays: looking it through costs a tenth


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be a short one."""
    short_run.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the settings of whoever runs the tests out of them; let definitions use the catalog's words.

    What no test has said where to keep is kept in a folder of this run, not in the checkout's: what an
    earlier run, or another version, left there would be found. One channel more is registered than those that
    ship, as somebody's own would be.
    """
    short_run.prepare(config)
    channels.register(PAGER)
    vocabulary.register()
    for name in [name for name in os.environ if name.startswith("MAKEGOOD_")]:
        del os.environ[name]
    kept = tempfile.TemporaryDirectory(prefix="makegood-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(kept.cleanup)
    os.environ["MAKEGOOD_DATA_DIR"] = kept.name


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that may take longest: none of them is left for one process when others are done.

    They say so by a `timeout` beyond that of all. The others stay in their order.
    """
    longest = dict.fromkeys((item.path for item in items), float(config.getini("timeout")))
    for item in items:
        for mark in item.iter_markers("timeout"):
            longest[item.path] = max(longest[item.path], float(mark.args[0]))
    items.sort(key=lambda item: -longest[item.path])


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of every later collection of garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def missing() -> Callable[[str], None]:
    """To be called with what is not installed: skips on a laptop, fails in CI."""
    return lambda what: do_without(ServerMissing(what))


@pytest.fixture(scope="session")
def curl(missing: Callable[[str], None]) -> str:
    """Path of curl, which offers HTTP/2 over plain HTTP as many clients do."""
    found = shutil.which("curl")
    if found is None:
        missing("curl is missing, and a client is tried with it")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """A directory with a short path for the files of servers, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="makegood-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres_server(server_directory: Path) -> Iterator[PostgresServer]:
    """This test process's own PostgreSQL (fsync off)."""
    with started(PostgresServer, server_directory / "postgres") as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """SQLAlchemy URL of a fresh, empty database, dropped after the test."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def valkey_process(server_directory: Path) -> Iterator[ValkeyServer]:
    """This test process's shared Valkey; tests that stop it ask for `valkey_server` instead."""
    with started(ValkeyServer, server_directory / "valkey") as server:
        yield server


@pytest.fixture
def valkey_url(valkey_process: ValkeyServer) -> str:
    """URL of a real Valkey without any key in it."""
    valkey_process.flush()
    return valkey_process.url


@pytest.fixture
def valkey_server(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A running Valkey for this test alone, which it may stop, start again empty, or flush."""
    with started(ValkeyServer, tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_hosts(server_directory: Path) -> Iterator[RabbitHosts]:
    """This test process's shared RabbitMQ; tests that stop it start a node of their own."""
    with rabbit_hosts(server_directory / "rabbitmq") as hosts:
        yield hosts


@pytest.fixture(scope="session")
def migrated_databases(postgres_server: PostgresServer) -> Iterator[MigratedDatabases]:
    """Databases with the newest schema and no row."""
    template = postgres_server.create_database()
    migrate(postgres_server.url(template))
    databases = MigratedDatabases(postgres_server, template)
    yield databases
    databases.close()


@pytest.fixture
def migrated_postgres_url(migrated_databases: MigratedDatabases) -> Iterator[str]:
    """URL of a database with the newest schema and no row, for this test alone."""
    name = migrated_databases.take()
    yield migrated_databases.url(name)
    migrated_databases.give_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind in turn, with the newest schema: a test that asks for it runs on both."""
    if request.param == "sqlite":
        path = tmp_path / "makegood.db"
        path.write_bytes(migrated_bytes())
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgres_url")
    return url


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The catalog and a lamp on a clock that the test moves, on SQLite and on PostgreSQL."""
    world = new_world(database_url, LAMP)
    yield world
    world.store.close()
