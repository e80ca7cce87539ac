"""A PostgreSQL that takes no writes any more, as after it has handed over to another machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.api.conftest import House, open_house, order
from tests.servers import PostgresServer
from tests.servers.started import started
from workflow.store import Store


@pytest.fixture
def server(server_directory: Path) -> Iterator[PostgresServer]:
    """One that may be set to read only."""
    with started(PostgresServer, server_directory / f"handed-over-{uuid4().hex}") as opened:
        yield opened


@pytest.fixture
def house(server: PostgresServer) -> Iterator[House]:
    """A house on it."""
    with open_house(server.url(server.create_database())) as opened:
        yield opened


def sessions(store: Store) -> set[int]:
    """The server's processes behind the connections for writing."""
    with store.begin() as transaction:
        return {transaction.connection.scalar(text("select pg_backend_pid()"))}


def test_events_are_turned_away_for_now_and_taken_by_whoever_takes_writes(
    house: House, server: PostgresServer
) -> None:
    store = house.runtime.store
    assert house.post(order("place", "a", "1", amount=5)).status_code == 202
    before = sessions(store)
    server.take_no_writes(True)
    answer = house.post(order("place", "b", "2", amount=5))
    assert (answer.status_code, answer.json()["type"]) == (503, "/docs#problem-unavailable")
    assert answer.headers["retry-after"] == "2"
    server.take_no_writes(False)
    assert house.post(order("place", "b", "2", amount=5)).status_code == 202
    assert not sessions(store) & before, "the connection to the one that has handed over was kept"


def test_whatever_writes_says_that_it_is_for_now_and_keeps_no_connection(
    house: House, server: PostgresServer
) -> None:
    store = house.runtime.store
    before = sessions(store)
    server.take_no_writes(True)
    with pytest.raises(OperationalError), store.begin() as transaction:
        transaction.connection.execute(text("delete from inbox"))
    assert not sessions(store) & before


def test_what_the_server_ends_because_it_takes_too_long_is_for_now(house: House) -> None:
    with pytest.raises(OperationalError), house.runtime.store.begin() as transaction:
        for bound in ("0", "50ms"):  # one that runs already is not set, but begun anew
            transaction.connection.execute(text(f"set local transaction_timeout = '{bound}'"))
        transaction.connection.execute(text("select pg_sleep(5)"))
