"""A restore from a backup, with real processes: nobody is told twice, and nothing is forgotten."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import URL, Row, make_url, select

from state_machines.values.instants import format_instant
from tests.processes.installation import Installation
from tests.servers.broker import BrokerServer
from tests.servers.postgres import PostgresServer, postgres_binaries
from tests.servers.started import started
from workflow.settings import as_environment
from workflow.store.schema import outbox

CUSTOMER = {"email": "ada@example.com"}


def client(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on the database."""
    argv = [
        postgres_binaries() / program,
        "-h",
        url.host,
        "-p",
        str(url.port),
        "-U",
        url.username,
        *arguments,
    ]
    done = subprocess.run([str(one) for one in argv], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def back_up(database: str, to: Path) -> None:
    """As docs/howto/backup.md says it: while everything runs."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            connection.execute("vacuum into ?", [str(to)])
    else:
        client("pg_dump", url, "--format", "custom", "--file", str(to), str(url.database))


def restore(database: str, backup: Path) -> None:
    """The same page: everything is stopped, and what there is goes."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copyfile(backup, path)
    else:
        client("pg_restore", url, "--clean", "--if-exists", "--exit-on-error", "--single-transaction",
               "--dbname", str(url.database), str(backup))  # fmt: skip


def restored(installation: Installation, *arguments: str) -> str:
    """What the command says."""
    argv = [sys.executable, "-m", "workflow.cli", "restored", "--yes", *arguments]
    done = subprocess.run(
        argv, env=environment(installation), capture_output=True, text=True, timeout=100
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(installation: Installation) -> dict[str, str]:
    """Of a command of this installation."""
    return {**os.environ, **as_environment(installation.settings)}


def told(installation: Installation) -> Counter[tuple[str, str]]:
    """How often each was told: (whose, about what)."""
    return Counter((one["subject"], one["about"]) for one in installation.notices())


@pytest.mark.exhaustive
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("database_url", "broker_server", "by_the_book"),
    [("sqlite", "valkey", True), ("sqlite", "valkey", False), ("postgresql", "valkey", True)],
    indirect=["database_url", "broker_server"],
)
def test_who_follows_the_page_tells_nobody_twice_and_forgets_nothing(
    installation: Installation, by_the_book: bool, tmp_path: Path
) -> None:
    """`by_the_book` False: whoever leaves out `makegood restored` tells people twice."""
    worker = installation.workers.start("--concurrency", "2")
    worker.wait_ready()
    installation.send(installation.promise("before", due_in=8, customer=CUSTOMER))
    installation.send(installation.promise("after", due_in=35, customer=CUSTOMER))
    installation.wait(lambda: len(installation.moves("make")) == 2, what="both promises")
    backup = tmp_path / "backup"
    back_up(installation.settings.database, backup)

    broken = ("promise:before", "broken_promise")
    installation.wait(lambda: told(installation)[broken] == 1, what="the customer to hear of it")
    installation.send(installation.promise("lost", due_in=600))
    installation.wait(lambda: installation.state("promise:lost") == "made", what="what will be lost")
    worker.kill_group()
    stopped_at = format_instant(installation.runtime.clock.now())
    before = told(installation)
    installation.runtime.store.close()

    restore(installation.settings.database, backup)
    assert installation.state("promise:lost") is None
    assert installation.state("promise:before") == "made"
    if by_the_book:
        said = restored(installation, "--stopped-at", stopped_at)
        assert "people are asked: " in said and "people are asked: 0" not in said
        assert restored(installation, "--stopped-at", stopped_at).startswith("decided as of then: 0\n")
    installation.workers.start("--concurrency", "2").wait_ready()
    installation.wait(
        lambda: told(installation)[("promise:after", "broken_promise")] == 1,
        what="what fell due after the restore to be told",
    )
    now = told(installation)
    assert installation.state("promise:before") == "lapsed"
    if not by_the_book:
        assert now[broken] == 2
        return
    assert {one: now[one] for one in before} == dict(before), "nobody was told again"
    lost = [one for one in installation.effects() if one.state == "unknown"]
    assert {one.key.rsplit("/", 2)[0] for one in lost} >= {"promise:before"}
    ids = {one.id for one in _rows(installation) if one.state == "unknown"}
    for one in ids:
        installation.wait(
            lambda one=one: installation.state(f"escalation:effect-{one}-none"),  # type: ignore[misc]
            what="a person to be asked",
        )


@pytest.fixture
def archiving_server() -> Iterator[PostgresServer]:
    """A server of its own, outside pytest's directories: another account must reach it."""

    def archiving(directory: Path) -> PostgresServer:
        server = PostgresServer(directory)
        server.archive_log()
        return server

    with TemporaryDirectory(prefix="makegood-") as place, started(archiving, Path(place) / "pg") as server:
        yield server


@pytest.mark.exhaustive
@pytest.mark.timeout(240)
def test_a_server_that_archives_its_log_goes_back_to_an_instant(
    tmp_path: Path, archiving_server: PostgresServer, broker_server: BrokerServer
) -> None:
    """What was told by then stays told; a person is asked about what was told after it."""
    server = archiving_server
    with Installation(tmp_path, broker_server, server.url(server.create_database())) as installation:
        worker = installation.workers.start("--concurrency", "1")
        worker.wait_ready()
        server.back_up()
        installation.send(installation.promise("first", due_in=1, customer=CUSTOMER))
        installation.wait(
            lambda: [one.state for one in installation.effects() if one.target == "preferred"] == ["settled"],
            what="the first to be told, and that to be known",
        )
        until = installation.runtime.clock.now()
        installation.send(installation.promise("lost", due_in=1, customer=CUSTOMER))
        broken = ("promise:lost", "broken_promise")
        installation.wait(lambda: told(installation)[broken] == 1, what="the second to be told")
        worker.kill_group()
        stopped_at = format_instant(installation.runtime.clock.now())
        before = told(installation)
        installation.runtime.store.close()

        server.go_back(until)
        assert installation.state("promise:lost") is None, "its sender sends it again"
        assert installation.state("promise:first") == "lapsed"
        restored(installation, "--stopped-at", stopped_at)
        installation.workers.start("--concurrency", "1").wait_ready()
        installation.send(installation.promise("next", due_in=1, customer=CUSTOMER))
        installation.wait(
            lambda: told(installation)[("promise:next", "broken_promise")] == 1,
            what="the next to be told",
        )
        now = told(installation)
        assert {one: now[one] for one in before} == dict(before), "nobody was told again"


def _rows(installation: Installation) -> list[Row[Any]]:
    with installation.runtime.store.connect() as connection:
        return list(connection.execute(select(outbox)))
