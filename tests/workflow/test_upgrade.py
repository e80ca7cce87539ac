"""An upgrade while the version before still runs: migrations only add, and its rows are decided."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import event, select, text

from tests.workflow.world import LAMP, NOW, World
from workflow.clock import VirtualClock
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.store import head, migrate, open_store, revision, schema
from workflow.store.migrating import migrate_connection

BEFORE = "0019"
"""From here on migrations only add; what came before was never released."""
_ADDS = re.compile(
    r"create (table|index|unique index|virtual table|trigger)\b|alter table \w+ add column\b|comment on\b"
    r"|alter table \w+ set \(|alter table \w+ alter column \w+ set statistics\b"
    r"|update alembic_version\b|begin\b|commit\b",
    re.IGNORECASE,
)
_OLD_EVENT = """insert into events (source, event_id, subject_id, type, time, data, received_at)
select '/old', 'written by the version before', id, 'lamp.press', :now, '{"level": 2}', :now
from subjects where key = 'lamp:1'"""
_OLD_INBOX = """insert into inbox (event_id, subject_id)
select id, subject_id from events where source = '/old'"""


def config() -> Config:
    """As `migrate` has it."""
    config = Config()
    folder = Path(schema.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


@pytest.fixture
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the version before, on each store in turn."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    store = open_store(url)
    with store.begin() as transaction:
        chosen = config()
        chosen.attributes["connection"] = transaction.connection
        command.upgrade(chosen, BEFORE)
    assert revision(store) == BEFORE
    store.close()
    return url


def reads(statement: str) -> bool:
    """Whether it only asks."""
    return statement.lstrip().lower().startswith(("select", "pragma", "with", "show"))


@pytest.mark.parametrize("old_url", ["sqlite", "postgresql"], indirect=True)
def test_migrations_only_add_from_here_on(old_url: str) -> None:
    found: list[str] = []
    store = open_store(old_url)
    try:
        event.listen(store.engine, "before_cursor_execute", lambda *said: found.append(said[2].strip()))
        with store.begin() as transaction:
            migrate_connection(transaction.connection)
    finally:
        store.close()
    written = [one for one in found if not reads(one)]
    assert [one for one in written if not _ADDS.match(one)] == []
    assert any("traceparent" in one for one in written)


@pytest.mark.parametrize(
    "said", ["drop table moves", "alter table moves drop column at", "alter table a rename column b to c"]
)
def test_what_takes_something_away_is_found(said: str) -> None:
    assert not _ADDS.match(said)


@pytest.mark.parametrize("old_url", ["sqlite", "postgresql"], indirect=True)
def test_what_the_version_before_writes_after_the_migration_is_decided(old_url: str) -> None:
    migrate(old_url)
    store = open_store(old_url)
    try:
        assert revision(store) == head()
        registry = Registry(store)
        registry.register([*catalog_sources(), (LAMP, None)], NOW)
        clock = VirtualClock(NOW)
        world = World(store, Engine(store, registry, clock), clock)
        world.post("lamp.press", "lamp:1", {"level": 0})
        world.post("lamp.press", "lamp:1", {"level": 0})
        with store.begin() as transaction:  # it names the columns that it knows
            now = NOW.isoformat() if store.dialect == "postgresql" else f"{NOW:%Y-%m-%dT%H:%M:%S.000000Z}"
            transaction.connection.execute(text(_OLD_EVENT), {"now": now})
            transaction.connection.execute(text(_OLD_INBOX))
        world.settle()
        assert world.state("lamp:1") == "on" and world.data("lamp:1")["level"] == 2
        with store.connect() as connection:
            assert set(connection.scalars(select(schema.moves.c.outcome))) == {"moved"}
    finally:
        store.close()
