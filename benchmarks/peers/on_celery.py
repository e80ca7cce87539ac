"""Celery on Redis: a timer is a task with an `eta`, which a worker holds in its memory until then.

No result backend, early acknowledgements, prefetch multiplier 64: what a fast Celery is given. What was
sent is as durable as Redis, here not at all.
"""

import os
import sys
from datetime import UTC, datetime

import redis
from celery import Celery

from benchmarks.peers import job
from benchmarks.peers.port import Port, speak

MODULE = "benchmarks.peers.on_celery"
app = Celery("peer", broker=os.environ["BENCH_REDIS"])
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)


@app.task(name="fire")  # type: ignore[untyped-decorator]
def fire(number: int, due: float) -> None:
    """The whole work of a handler."""
    job.do(number, due)


class OnCelery(Port):
    """Celery behind the port."""

    def reset(self) -> None:
        """Empty Redis."""
        with redis.Redis.from_url(os.environ["BENCH_REDIS"]) as client:
            client.flushall()

    def worker(self, index: int) -> None:
        """A prefork worker with two processes, without what it does not need."""
        argv = [sys.executable, "-m", "celery", "-A", MODULE, "worker", "-c", "2", "-n", f"peer{index}@%h"]
        argv += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]
        os.execv(sys.executable, argv)

    def timers(self, dues: list[tuple[int, float]]) -> None:
        """A message each; Celery has no call for many."""
        for number, due in dues:
            fire.apply_async((number, due), eta=datetime.fromtimestamp(due, UTC))

    def send(self, number: int, due: float) -> None:
        """`delay`."""
        fire.delay(number, due)


if __name__ == "__main__":
    speak(OnCelery())
