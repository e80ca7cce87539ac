"""procrastinate on PostgreSQL: a timer is a job with `schedule_at`.

Two worker processes with ten coroutines each; they poll every `BENCH_POLL` seconds (5 by default) beside
listening for NOTIFY, which tells of jobs that are due at once only.
"""

import asyncio
import logging
import os
from datetime import UTC, datetime

import procrastinate  # type: ignore[import-not-found]
import psycopg

from benchmarks.peers import job
from benchmarks.peers.port import Port, speak

DATABASE, QUEUE, COROUTINES = "peer_procrastinate", "bench", 10
PORT = os.environ["BENCH_PG_PORT"]
CONNINFO = f"host=127.0.0.1 port={PORT} user=postgres dbname="
A_BATCH = 500

logging.disable(logging.INFO)  # it says a line for every job
app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(
        conninfo=CONNINFO + DATABASE, min_size=2, max_size=COROUTINES + 4
    )
)


@app.task(name="fire", queue=QUEUE)  # type: ignore[untyped-decorator]
async def fire(number: int, due: float) -> None:
    """The whole work of a handler; where it asks a database, in a thread, so that others go on."""
    if job.PROMISES in os.environ:
        await asyncio.to_thread(job.do, number, due)
    else:
        job.do(number, due)


class OnProcrastinate(Port):
    """procrastinate behind the port; the sending side is its synchronous one."""

    def __init__(self) -> None:
        self._app: procrastinate.App | None = None

    def reset(self) -> None:
        """An empty database with its tables."""
        with psycopg.connect(CONNINFO + "postgres", autocommit=True) as connection:
            connection.execute(f"drop database if exists {DATABASE} with (force)")
            connection.execute(f"create database {DATABASE}")
        self._open().schema_manager.apply_schema()

    def worker(self, index: int) -> None:
        """One process; it stays until it is terminated."""
        asyncio.run(_work())

    def timers(self, dues: list[tuple[int, float]]) -> None:
        """Through its job manager: the call for many jobs has no instant for each."""
        manager, task = self._open().job_manager, app.tasks["fire"]
        for first in range(0, len(dues), A_BATCH):
            jobs = [
                task.configure(schedule_at=datetime.fromtimestamp(due, UTC)).make_new_job(
                    number=number, due=due
                )
                for number, due in dues[first : first + A_BATCH]
            ]
            manager.batch_defer_jobs(jobs=jobs)

    def send(self, number: int, due: float) -> None:
        """`defer`."""
        self._open().configure_task("fire", queue=QUEUE).defer(number=number, due=due)

    def send_many(self, numbers: range) -> None:
        """`batch_defer`."""
        task = self._open().configure_task("fire", queue=QUEUE)
        task.batch_defer(*[{"number": number, "due": 0.0} for number in numbers])

    def close(self) -> None:
        """Close the pool."""
        if self._app is not None:
            self._app.close()

    def _open(self) -> procrastinate.App:
        if self._app is None:
            connector = procrastinate.SyncPsycopgConnector(
                conninfo=CONNINFO + DATABASE, min_size=1, max_size=2
            )
            self._app = procrastinate.App(connector=connector)
            self._app.open()
        return self._app


async def _work() -> None:
    async with app.open_async():
        await app.run_worker_async(
            concurrency=COROUTINES,
            queues=[QUEUE],
            delete_jobs="never",
            fetch_job_polling_interval=float(os.environ.get("BENCH_POLL", "5")),
        )


if __name__ == "__main__":
    speak(OnProcrastinate())
