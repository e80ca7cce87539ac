"""The door while something behind it is away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests.api.conftest import House, open_house, order
from tests.servers import PostgresServer
from tests.servers.silent_network import way_to
from tests.waiting import wait_until
from workflow.api.http import store_watch
from workflow.api.http.error_mapping import refusal_of
from workflow.api.http.problems import Kind
from workflow.api.http.store_watch import StoreWatch
from workflow.api.ingest.limits import Limits
from workflow.broker import task_names
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.engine.transient_errors import code_of
from workflow.settings import Settings
from workflow.store import migrate, open_store
from workflow.store.refused_writes import why_not_written

NOBODY = "redis://127.0.0.1:1/0"
"""A port on which nothing listens."""


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'makegood.db'}"


@pytest.fixture
def brokerless(file_url: str) -> Iterator[House]:
    """A house whose broker is down."""
    broker = Broker(celery_app(Settings(broker_url=NOBODY)))
    with open_house(file_url, broker) as house:
        yield house
    broker.close()


def test_without_a_broker_events_are_accepted_and_the_lost_wakeup_counted(brokerless: House) -> None:
    assert brokerless.post(order("place", "quiet", "quiet-1", amount=5)).status_code == 202
    wait_until(
        lambda: "makegood_wakeups_not_sent_total 1.0" in brokerless.http.get("/metrics").text,
        seconds=60,
        what="the lost wake-up to be counted",
    )


def test_a_broker_that_is_away_is_reported_and_readiness_kept(brokerless: House) -> None:
    ready = brokerless.http.get("/readyz")
    assert (ready.status_code, ready.json()["broker"]) == (200, "unreachable")


def test_many_events_give_few_wakeups_that_name_subjects_only(file_url: str, valkey_url: str) -> None:
    settings = Settings(broker_url=valkey_url)
    broker = Broker(celery_app(settings))
    with open_house(file_url, broker) as house, redis.Redis.from_url(valkey_url) as valkey:
        queue = f"{settings.key_prefix}{task_names.QUEUE}"
        for n in range(100):
            house.post(order("place", f"busy-{n}", f"busy-{n}", amount=5, note="a secret"))
        wait_until(lambda: valkey.llen(queue) > 0, seconds=60, what="a wake-up")
        messages = b"".join(valkey.lrange(queue, 0, -1))  # type: ignore[arg-type]
        assert house.http.get("/readyz").json()["broker"] == "reachable"
    assert 1 <= messages.count(task_names.APPLY.encode()) < 100
    assert b"order:busy-" in messages
    assert b"secret" not in messages
    broker.close()


def test_without_its_database_the_door_says_so(postgres_server: PostgresServer) -> None:
    name = postgres_server.create_database()
    with open_house(postgres_server.url(name)) as house:
        assert house.post(order("place", "gone", "gone-1", amount=5)).status_code == 202
        postgres_server.drop_database(name)
        answer = house.post(order("place", "gone", "gone-2", amount=5))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json()["type"] == "/docs#problem-unavailable"
        ready = house.http.get("/readyz")
        assert (ready.status_code, ready.json()["database"], ready.json()["schema"]) == (
            503,
            "unreachable",
            "unknown",
        )
        assert house.http.get("/healthz").status_code == 200


def test_a_database_that_hangs_is_told_at_once_and_serves_when_it_goes_on(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    with way_to(postgres_server.port) as way:
        url = postgres_url.replace(f":{postgres_server.port}/", f":{way.port}/")
        with open_house(url) as house, ThreadPoolExecutor(50) as pool:
            assert house.http.get("/readyz").status_code == 200
            way.fall_silent(new_ones_too=True)
            waiting = [pool.submit(house.http.get, "/metrics", timeout=60) for _ in range(50)]
            wait_until(lambda: house.http.get("/readyz").status_code == 503, seconds=60, what="it to be told")
            assert house.http.get("/readyz").json()["database"] == "unreachable"
            assert house.http.get("/healthz").status_code == 200
            assert not any(one.done() for one in waiting), "it answers though all threads wait"
            way.go_on()
            assert all(one.result().status_code == 200 for one in waiting)
            wait_until(lambda: house.http.get("/readyz").status_code == 200, seconds=60, what="readiness")


def test_a_database_that_takes_no_writes_is_not_ready(file_url: str) -> None:
    with open_house(file_url) as house:
        assert house.http.get("/readyz").json()["database"] == "reachable"

        @event.listens_for(house.runtime.store.engine, "checkout")
        def refuse(connection: Any, *_: Any) -> None:
            connection.execute(f"pragma query_only = {int(refused)}")

        refused = True
        wait_until(lambda: house.http.get("/readyz").status_code == 503, seconds=60, what="it to be told")
        assert house.http.get("/readyz").json()["database"] == "takes-no-writes"
        answer = house.post(order("place", "full", "full-1", amount=5))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "database: it takes no writes: it is read only; try again" in answer.json()["detail"]
        refused = False
        wait_until(lambda: house.http.get("/readyz").status_code == 200, seconds=60, what="readiness")


def test_a_database_to_which_others_write_in_vain_is_not_ready_all_the_time(
    file_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_watch, "_KEEP", 0.0)
    store = open_store(file_url)
    migrate(file_url)
    watch, refused = StoreWatch(store), True

    @event.listens_for(store.engine, "checkout")
    def refuse(connection: Any, *_: Any) -> None:
        connection.execute(f"pragma query_only = {int(refused)}")

    assert watch.state().database == "takes-no-writes"
    another = open_store(file_url)
    with another.begin():
        assert watch.state().database == "takes-no-writes"
    refused = False
    assert watch.state().ready
    store.close()
    another.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SQLITE_FULL", "it takes no writes: its disk is full"),
        ("53100", "it takes no writes: its disk is full"),
        ("SQLITE_READONLY_DBMOVED", "it takes no writes: it is read only"),
        ("25006", "it takes no writes: it is read only"),
        ("SQLITE_IOERR_WRITE", "its disk is full, or fails"),
        ("58030", "its disk fails"),
        ("57014", None),
        (None, None),
    ],
)
def test_why_nothing_was_written_is_said_in_words(code: str | None, words: str | None) -> None:
    assert why_not_written(code) == words


def test_the_log_says_by_what_name_the_database_failed_and_nothing_that_is_stored(
    file_url: str,
) -> None:
    with open_house(file_url) as house:
        with pytest.raises(OperationalError) as raised, house.runtime.store.begin() as transaction:
            transaction.connection.exec_driver_sql("pragma max_page_count = 1")  # no more than there are
            secret = {"said": "a secret " * 100_000}
            transaction.connection.execute(text("create table more as select :said"), secret)
        with capture_logs() as said:
            refusal = refusal_of(raised.value)
    assert refusal.kind is Kind.UNAVAILABLE
    assert "its disk is full" in refusal.problems[0].message
    (entry,) = said
    assert (entry["event"], entry["code"]) == ("database failed", "SQLITE_FULL")
    assert "secret" not in str(entry)


def test_who_is_not_let_in_reads_why_in_the_log(postgres_server: PostgresServer) -> None:
    """Such as that there are too many clients: a connection that is refused has no SQLSTATE."""
    store = open_store(postgres_server.url("no_such_database"))
    with capture_logs() as said:
        assert StoreWatch(store).state().database == "unreachable"
    store.close()
    (entry,) = said
    assert entry["event"] == "database does not answer"
    assert "FATAL" in entry["error"] and "no_such_database" in entry["error"]


def test_of_postgresql_it_is_the_sqlstate(postgres_server: PostgresServer) -> None:
    with (
        open_house(postgres_server.url(postgres_server.create_database())) as house,
        pytest.raises(OperationalError) as raised,
        house.runtime.store.begin() as transaction,
    ):
        transaction.connection.execute(text("set local statement_timeout = 50"))
        transaction.connection.execute(text("select pg_sleep(5)"))
    assert code_of(raised.value) == "57014"
    assert code_of(ValueError("none of a database")) is None


def test_with_an_older_schema_it_is_not_ready(file_url: str) -> None:
    with open_house(file_url) as house:
        with house.runtime.store.begin() as transaction:
            transaction.connection.execute(text("update alembic_version set version_num = '0000'"))
        ready = house.http.get("/readyz")
        assert (ready.status_code, ready.json()["schema"]) == (503, "behind")


def test_too_many_at_once_are_sent_away(file_url: str) -> None:
    most = 8
    with open_house(file_url, limits=Limits(requests=most)) as house, ExitStack() as slow:
        for _ in range(most):
            slow.enter_context(_begun(house))
        said = order("place", "crowd", "crowd-1", amount=5)

        def full() -> bool:
            # One of those before may have been sent away itself, when this post had the last place.
            slow.enter_context(_begun(house))
            return house.post(said).status_code == 429

        wait_until(full, seconds=60, what="the door to be full")
        answer = house.post(said)
        assert (answer.json()["type"], answer.headers["retry-after"]) == ("/docs#problem-busy", "1")
        slow.close()
        wait_until(lambda: house.post(said).status_code == 202, seconds=60, what="room for one more")


@contextmanager
def _begun(house: House) -> Iterator[None]:
    """A request whose body does not come."""
    head = (
        "POST /v1/events HTTP/1.1",
        "Host: makegood",
        f"Authorization: {house.bearer()['Authorization']}",
        "Content-Type: application/cloudevents+json",
        "Content-Length: 100",
        "",
        "",
    )
    with socket.create_connection((house.http.base_url.host, house.http.base_url.port or 0)) as connection:
        connection.sendall("\r\n".join(head).encode())
        yield
