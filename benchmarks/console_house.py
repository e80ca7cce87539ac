"""A PostgreSQL with the population of `console_population`, kept in a folder so that it is filled once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.console_population import Filled, counted, fill
from benchmarks.server import server_settings
from tests.servers import PostgresServer
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.registry import Registry
from workflow.recovery import vocabulary
from workflow.store import migrate, open_store

_LASTS = timedelta(hours=20)
"""So old it may be: what is open in it falls due a day after it was filled."""
_DATABASE, _DONE = "console", "filled-at"


@dataclass(frozen=True, slots=True)
class House:
    """A database that runs: its URL, for psycopg, and what is in it."""

    url: str
    conninfo: str
    filled: Filled


@contextmanager
def kept_house(folder: Path, subjects: int) -> Iterator[House]:
    """The house of this folder, filled if nobody has done that yet, and migrated. It stays for the next time.

    Raises SystemExit where what is there is too old, or of another size.
    """
    vocabulary.register()
    done = folder / _DONE
    server = PostgresServer(folder, durable=True, settings=server_settings())
    if done.exists():
        server.start_again()
    else:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL may run as another user and must reach its files
        server.start()
    conninfo = f"host=127.0.0.1 port={server.port} user=postgres dbname={_DATABASE}"
    url = server.url(_DATABASE)
    try:
        if done.exists():
            if datetime.now(UTC) - datetime.fromisoformat(done.read_text()) > _LASTS:
                raise SystemExit(f"{folder} was filled too long ago: remove it, and it is filled anew")
            migrate(url)
            with closing(open_store(url, patient=True)) as store:
                filled = counted(store)
            if filled.subjects < subjects:
                raise SystemExit(f"{folder} has {filled.subjects:,} subjects: remove it, or ask for fewer")
        else:
            filled = _fill(server, url, subjects)
            done.write_text(datetime.now(UTC).isoformat())
        yield House(url, conninfo, filled)
    finally:
        server.leave()


def _fill(server: PostgresServer, url: str, subjects: int) -> Filled:
    with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"create database {_DATABASE}")
    migrate(url)
    now = datetime.now(UTC)
    with closing(open_store(url, patient=True)) as store:
        registry = Registry(store)
        registry.register(catalog_sources(), now)
        return fill(store, registry, subjects, now)
