"""A database that says nothing is given up, and one whose client says nothing lets go of what that holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from tests.servers import PostgresServer
from tests.servers.silent_network import Way, way_to
from workflow.engine.transient_errors import is_transient
from workflow.store import Store, open_store, postgresql_connection, postgresql_pools, waiting
from workflow.store.postgresql import PostgresStore
from workflow.store.postgresql_connection import BoundedConnection
from workflow.store.waiting import why_not_there
from workflow.store.writability import why_no_writes


@pytest.fixture
def way(postgres_server: PostgresServer) -> Iterator[Way]:
    with way_to(postgres_server.port) as opened:
        yield opened


@pytest.fixture
def store(
    way: Way, postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """Over that way, which waits for an answer for half a second."""
    monkeypatch.setattr(BoundedConnection, "answer_seconds", 0.5)
    opened = open_store(postgres_url.replace(f":{postgres_server.port}/", f":{way.port}/"))
    yield opened
    opened.close()


def ask(store: Store) -> Any:
    with store.begin() as transaction:
        return transaction.connection.scalar(text("select 1"))


def hold_several(store: Store) -> None:
    """Have three connections in the pool."""
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(store.begin()).connection.scalar(text("select 1"))


def test_what_is_not_answered_is_given_up_for_now_and_no_other_lost_connection_is_tried(
    store: Store, way: Way
) -> None:
    hold_several(store)
    way.fall_silent()
    with pytest.raises(OperationalError, match=r"has not answered within 0\.5 s") as raised:
        ask(store)
    assert is_transient(raised.value)
    assert [ask(store) for _ in range(4)] == [1] * 4


def test_the_same_of_a_statement_that_goes_straight_to_the_driver(store: Store, way: Way) -> None:
    hold_several(store)
    way.fall_silent()
    with pytest.raises(OperationalError, match="has not answered"), store.begin() as transaction:
        transaction.hold(["a name"])
    assert [ask(store) for _ in range(4)] == [1] * 4


def test_of_connections_that_were_idle_one_is_found_lost_and_none_of_the_others_is_tried(
    store: Store, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_several(store)
    way.fall_silent()
    monkeypatch.setattr(postgresql_pools, "_IDLE_SECONDS", -1.0)
    given_up: list[object] = []
    close = BoundedConnection.close
    monkeypatch.setattr(BoundedConnection, "close", lambda self: (given_up.append(self), close(self)))
    assert [ask(store) for _ in range(4)] == [1] * 4, "whoever asks notices nothing but that it takes longer"
    assert len({id(one) for one in given_up}) >= 1


def test_an_answer_that_comes_for_long_is_waited_for(store: Store) -> None:
    with store.connect() as connection:
        slowly = "select i, pg_sleep(0.1), repeat('x', 9000) from generate_series(1, 10) i"
        assert len(connection.execute(text(slowly)).all()) == 10


def test_who_expects_it_waits_for_as_long_as_it_takes(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedConnection, "answer_seconds", 0.1)
    store = open_store(postgres_url, patient=True)
    try:
        with store.begin() as transaction:
            transaction.connection.execute(text("select pg_sleep(1)"))
            assert transaction.connection.scalar(text("show lock_timeout")) == "0"
    finally:
        store.close()


def test_the_server_ends_who_waits_for_a_lock_for_too_long(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_connection, "LOCK_SECONDS", 1)
    one, other = PostgresStore(postgres_url), PostgresStore(postgres_url)
    try:
        with one.begin() as holds:
            holds.hold(["a name"])
            with pytest.raises(OperationalError) as raised, other.begin() as waits:
                waits.hold(["a name"])
        assert is_transient(raised.value)
        with other.begin() as waits:
            waits.hold(["a name"])
    finally:
        one.close()
        other.close()


def test_the_server_lets_go_of_what_a_silent_client_holds(
    store: Store, way: Way, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_connection, "IDLE_SECONDS", 1)
    direct = open_store(postgres_url)
    try:
        with pytest.raises(OperationalError), store.begin() as silent:
            silent.hold(["a name"])
            way.fall_silent()
            with direct.begin() as transaction:
                transaction.hold(["a name"])
            silent.hold(["another"])
    finally:
        direct.close()


def test_the_server_lets_go_of_what_a_client_holds_that_falls_silent_amid_what_it_sends(
    store: Store, way: Way, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_connection, "TRANSACTION_SECONDS", 1)
    direct, let_go = open_store(postgres_url, patient=True), False
    try:
        with pytest.raises(OperationalError), store.begin() as silent:
            silent.hold(["a name"])
            driver = silent.connection.connection.driver_connection
            assert isinstance(driver, BoundedConnection)
            driver.pgconn.enter_pipeline_mode()
            driver.pgconn.send_query_params(b"select 1", None)
            driver.pgconn.send_flush_request()
            driver.pgconn.flush()
            with direct.begin() as transaction:
                transaction.hold(["a name"])
            let_go = True
            way.fall_silent()
            driver.close()
            silent.hold(["another"])
    finally:
        direct.close()
    assert let_go


def test_a_file_that_takes_no_writes_is_told_from_one_that_others_write_to(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    try:
        assert why_no_writes(store) is None
        with store.begin():
            assert why_no_writes(store) is None, "somebody writes, so it takes writes"
            assert why_no_writes(store, "it is full") == "it is full", "for all that is known"
        with store.connect() as connection:
            assert connection.exec_driver_sql("pragma busy_timeout").scalar_one() == 30_000

        @event.listens_for(store.engine, "checkout")
        def refuse(connection: Any, *_: Any) -> None:
            connection.execute("pragma query_only = 1")

        assert "SQLITE_READONLY" in (why_no_writes(store) or "")
    finally:
        store.close()


@pytest.mark.parametrize(
    ("name", "waits"),
    [("SQLITE_FULL", True), ("SQLITE_IOERR_SHMSIZE", True), ("SQLITE_CANTOPEN", False)],
)
def test_who_is_started_on_a_full_disk_waits_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, waits: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    assert why_not_there(url) is None

    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = name
        raise OperationalError("commit", {}, error)

    with monkeypatch.context() as disk:
        disk.setattr(waiting, "why_no_writes", full)
        assert (why_not_there(url) is not None) is waits
    assert why_not_there(url) is None
