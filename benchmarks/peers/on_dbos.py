"""DBOS on PostgreSQL: an event is an enqueued workflow, a timer an enqueued workflow with a delay.

Two worker processes poll the queue: every second by default, `BENCH_POLL` says otherwise.
"""

import os
from threading import Event
from time import time
from typing import Any

import psycopg
import sqlalchemy
from dbos import DBOS, DBOSClient  # type: ignore[import-not-found]

from benchmarks.peers import job
from benchmarks.peers.port import Port, speak

DATABASE, QUEUE, VERSION = "peer_dbos", "bench", "1"
PORT = os.environ["BENCH_PG_PORT"]
URL = f"postgresql://postgres@127.0.0.1:{PORT}/{DATABASE}"
A_TRANSACTION = 200
"""Timers loaded in one transaction."""


@DBOS.workflow(name="fire")  # type: ignore[untyped-decorator]
def fire(number: int, due: float) -> None:
    """The whole work of a handler."""
    job.do(number, due)


class OnDbos(Port):
    """DBOS behind the port."""

    def __init__(self) -> None:
        self._client: DBOSClient | None = None

    def reset(self) -> None:
        """An empty system database, with its tables and the queue."""
        with psycopg.connect(f"host=127.0.0.1 port={PORT} user=postgres dbname=postgres") as connection:
            connection.autocommit = True
            connection.execute(f"drop database if exists {DATABASE} with (force)")
            connection.execute(f"create database {DATABASE}")
        _launch(99)
        DBOS.destroy()

    def worker(self, index: int) -> None:
        """One process; it stays until it is terminated."""
        _launch(index)
        Event().wait()

    def timers(self, dues: list[tuple[int, float]]) -> None:
        """Delayed enqueues, many to a transaction."""
        self._together(dues)

    def send(self, number: int, due: float) -> None:
        """`enqueue`."""
        self._open().enqueue(_options(), number, due)

    def send_many(self, numbers: range) -> None:
        """Enqueues in one transaction of the caller's."""
        self._together([(number, 0.0) for number in numbers])

    def close(self) -> None:
        """Nothing: the process ends at once."""

    def _open(self) -> DBOSClient:
        if self._client is None:
            self._client = DBOSClient(system_database_url=URL, application_name="bench")
        return self._client

    def _together(self, dues: list[tuple[int, float]]) -> None:
        client = self._open()
        engine = sqlalchemy.create_engine(URL.replace("postgresql:", "postgresql+psycopg:"))
        for first in range(0, len(dues), A_TRANSACTION):
            with engine.begin() as connection:
                for number, due in dues[first : first + A_TRANSACTION]:
                    client.enqueue_in_transaction(connection, _options(due), number, due)
        engine.dispose()


def _launch(index: int) -> None:
    DBOS(
        config={
            "name": "bench",
            "system_database_url": URL,
            "application_version": VERSION,
            "executor_id": f"worker{index}",
            "log_level": "WARNING",
            "run_admin_server": False,
        }
    )
    DBOS.launch()
    DBOS.register_queue(QUEUE, polling_interval_sec=float(os.environ.get("BENCH_POLL", "1.0")))


def _options(due: float = 0.0) -> Any:
    options: dict[str, Any] = {"workflow_name": "fire", "queue_name": QUEUE, "app_version": VERSION}
    return options | {"delay_seconds": max(0.0, due - time())} if due else options


if __name__ == "__main__":
    speak(OnDbos())
