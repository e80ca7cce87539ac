"""Changes sent a second by one forwarder: read, signed, posted, written down; the receiver takes everything.

Beside it, in every round, the same number of requests of the same size by a bare client over as many
connections, and nothing else: no ledger, no signature, nothing written down.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from signal import SIGKILL
from time import perf_counter, process_time

import aiohttp
from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.goals import at_least
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.stack import ROOT
from benchmarks.webhook_sink import LISTENS
from tasks.forwarding.forwarder import Forwarder
from tasks.forwarding.receiver import TYPE
from tasks.forwarding.turn import AT_ONCE
from tests.servers.process import die_with_parent
from workflow.embedded.ports import LOOPBACK, free_port
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.runtime import Runtime
from workflow.queries.changes import ChangeFilter
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings
from workflow.store.schema import moves, subscriptions
from workflow.subscriptions import book
from workflow.subscriptions.book import Wish

_LEAST = 1_000.0
"""Changes a second."""
_SUBJECTS = 1_000
_BATCH = 500
_BODY = 520
"""Bytes of the CloudEvent that tells of one of these changes."""
_METER = """
edition: 3
lifecycle: meter
version: 1
triggers: {read: {}}
states: [running]
transitions:
  - {trigger: read, source: initial, dest: running}
  - {trigger: read, source: running}
"""


def measure(session: Session) -> list[Figure]:
    """`changes_forwarded`: a second, one process; bare is a client with requests of the same size."""
    count = session.size(20_000, 600)
    with _sink() as url:
        result = session.contest(
            "changes_forwarded",
            {"makegood": lambda: _ours(session, url, count), "bare": lambda: asyncio.run(_bare(url, count))},
        )
    cpu, bare = result.median("makegood", "cpu"), result.median("bare", "cpu")
    figure = result.figure(
        "changes_forwarded", "changes/s",
        goal=lambda found: at_least(_LEAST, "changes/s", found.value),
        notes=f"{count:,} changes of {_SUBJECTS:,} subjects, {AT_ONCE} at once to one that takes everything; "
        f"{cpu:.2f} ms CPU of the forwarder a change; bare: a client posts as many over as many connections, "
        f"{bare:.2f} ms CPU a request; {server_words()}",
    )  # fmt: skip
    return [figure]


@contextmanager
def _sink() -> Iterator[str]:
    """Its URL, while it runs."""
    port = free_port()
    argv = [sys.executable, "-m", "benchmarks.webhook_sink", str(port)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=die_with_parent(SIGKILL)
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != LISTENS:
            raise RuntimeError("the receiver does not listen")
        try:
            yield f"http://{LOOPBACK}:{port}/hook"
        finally:
            process.terminate()


def _ours(session: Session, url: str, count: int) -> Reading:
    database = session.migrated("postgresql")
    settings = Settings(
        database_url=database, data_dir=session.place("forwarding"), subscription_networks=f"{LOOPBACK}/32"
    )
    with closing(open_runtime(settings)) as runtime:
        _decide(runtime, count)
        book.create(runtime.store, Wish(url, ChangeFilter(), 0), "system:bench", runtime.clock.now())

        def over() -> bool:
            with runtime.store.connect() as connection:
                return connection.scalar(select(subscriptions.c.position)) == count

        begun, used = perf_counter(), process_time()
        asyncio.run(Forwarder(runtime.store, runtime.clock, settings).run(over))
        took, used = perf_counter() - begun, process_time() - used
    session.drop(database.rpartition("/")[2])
    return {"rate": count / took, "cpu": 1000 * used / count}


def _decide(runtime: Runtime, count: int) -> None:
    """So many decisions, the subjects' in turn."""
    now: datetime = runtime.clock.now()
    runtime.registry.register([(_METER, None)], now)
    for start in range(0, count, _BATCH):
        runtime.engine.accept(
            [
                CloudEvent(f"m-{n}", "/bench", "meter.read", f"meter:{n % _SUBJECTS}", now, {})
                for n in range(start, min(start + _BATCH, count))
            ]
        )
        while runtime.engine.apply().decided:
            pass
    with runtime.store.connect() as connection:
        decided = connection.scalar(select(func.max(moves.c.id)))
    if decided != count:
        raise RuntimeError(f"{decided} of {count} changes are there")


async def _bare(url: str, count: int) -> Reading:
    numbers, body = iter(range(count)), b"x" * _BODY

    async def post_all(client: aiohttp.ClientSession) -> None:
        for _ in numbers:
            async with client.post(url, data=body, headers={"content-type": TYPE}) as response:
                await response.read()

    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
        begun, used = perf_counter(), process_time()
        for _ in range(AT_ONCE):
            group.create_task(post_all(client))
    return {
        "rate": count / (perf_counter() - begun),
        "cpu": 1000 * (process_time() - used) / count,
    }
