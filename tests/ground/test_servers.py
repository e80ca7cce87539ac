"""The test servers themselves are real and fresh."""

from __future__ import annotations

import pytest
import redis
from sqlalchemy import create_engine, text

from tests.servers import ValkeyServer


def _tables(url: str) -> list[str]:
    engine = create_engine(url)
    with engine.begin() as connection:
        names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        found = [row.tablename for row in names]
        connection.execute(text("CREATE TABLE IF NOT EXISTS left_behind (id int)"))
    engine.dispose()
    return found


def test_a_database_is_postgresql_and_starts_empty(postgres_url: str) -> None:
    assert _tables(postgres_url) == []
    assert _tables(postgres_url) == ["left_behind"]


def test_the_next_database_is_empty_again(postgres_url: str) -> None:
    assert _tables(postgres_url) == []


def test_valkey_comes_back_empty_at_the_same_address(valkey_server: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey_server.url) as client:
        client.set("key", "value")
    valkey_server.stop()
    valkey_server.start()
    with redis.Redis.from_url(valkey_server.url) as client:
        assert client.dbsize() == 0


def test_valkey_refuses_who_does_not_know_the_password(valkey_url: str) -> None:
    address = valkey_url.rpartition("@")[2]
    with redis.Redis.from_url(f"redis://{address}") as client, pytest.raises(redis.AuthenticationError):
        client.ping()
