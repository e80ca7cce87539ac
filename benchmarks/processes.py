"""Several processes that work at once for a bounded time, all from the same starting shot."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from time import time
from typing import Any, NamedTuple

Work = Callable[..., int]


class Shift(NamedTuple):
    """How much was done, in how many seconds from the first start to the last end."""

    done: int
    seconds: float

    @property
    def rate(self) -> float:
        """Per second."""
        return self.done / self.seconds


def work_together(number: int, prepare: Callable[..., Any], seconds: float, *arguments: Any) -> Shift:
    """Run `prepare(*arguments, worker)` in each process, then again and again what it answers with.

    That does one batch and tells how many it did; it ends after `seconds`, or when there is nothing left.
    """
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(number), context.Queue()
    workers = [
        context.Process(target=_work, args=(barrier, results, prepare, seconds, arguments, worker))
        for worker in range(number)
    ]
    for worker in workers:
        worker.start()
    rows = [results.get(timeout=seconds + 120) for _ in workers]
    for worker in workers:
        worker.join()
    return Shift(sum(row[0] for row in rows), max(row[2] for row in rows) - min(row[1] for row in rows))


def _work(
    barrier: Barrier,
    results: Any,
    prepare: Callable[..., Any],
    seconds: float,
    arguments: tuple[Any, ...],
    worker: int,
) -> None:
    batch = prepare(*arguments, worker)
    barrier.wait(60)
    begun, done = time(), 0
    while time() - begun < seconds:
        step = batch()
        if step == 0:
            break
        done += step
    results.put((done, begun, time()))
