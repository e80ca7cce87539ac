"""Databases for tests, emptied and used again: to copy one takes ten times as long as to empty it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.servers.postgres import PostgresServer

_SHAPE = """
select (select count(*) from pg_class where relnamespace = 'public'::regnamespace),
       (select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and not a.attisdropped),
       (select count(*) from pg_constraint where connamespace = 'public'::regnamespace),
       (select count(*) from pg_trigger where not tgisinternal),
       (select count(*) from pg_proc where pronamespace = 'public'::regnamespace),
       (select count(*) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
         where d.datname = current_database())
"""
"""How many things of each kind there are: a test that changed the schema changed one of these numbers."""
_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
_EMPTY = """
do $$
declare one record;
begin
    for one in select oid::regclass as name, pg_relation_size(oid) as bytes from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version'
    loop
        if one.bytes > 1000000 then
            execute format('truncate %s', one.name);
        elsif one.bytes > 0 then
            execute format('delete from %s', one.name);
        end if;
    end loop;
    perform setval(oid, 1, false) from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'S';
end $$
"""
"""Deletes what is little, since a truncation writes new files, and truncates what is much."""


class MigratedDatabases:
    """Hands out databases that are copies of a template, each to one test at a time."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        with self._connected(template) as connection:
            self._shape = _row(connection, _SHAPE)
        self._free: list[str] = []

    def take(self) -> str:
        """The name of one that nobody has, without a row."""
        return self._free.pop() if self._free else self._server.create_database(self._template)

    def url(self, name: str) -> str:
        """SQLAlchemy URL of one of them."""
        return self._server.url(name)

    def give_back(self, name: str) -> None:
        """Empty it for another test; one whose schema the test has changed is dropped."""
        with self._connected(name) as connection:
            connection.execute(_OTHERS)
            unchanged = _row(connection, _SHAPE) == self._shape
            if unchanged:
                connection.execute(_EMPTY)
        if unchanged:
            self._free.append(name)
        else:
            self._server.drop_database(name)

    def close(self) -> None:
        """Drop all that are free."""
        for name in self._free:
            self._server.drop_database(name)

    @contextmanager
    def _connected(self, name: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        url = self._server.url(name).replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


def _row(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> tuple[Any, ...]:
    found = connection.execute(query).fetchone()
    assert found is not None
    return found
