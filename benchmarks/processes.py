"""Several processes that work at once for a bounded time, all from the same starting shot."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from time import time
from typing import Any, NamedTuple

_PATIENCE = 120.0


class SharedRun(NamedTuple):
    """How much was done, from the first start to the last end (Unix time in seconds)."""

    done: int
    begun: float
    ended: float

    @property
    def rate(self) -> float:
        """Per second."""
        return self.done / (self.ended - self.begun)


def work_together(number: int, prepare: Callable[..., Any], seconds: float, *arguments: Any) -> SharedRun:
    """Run `prepare(*arguments, worker)` in each process, then again and again what it answers with.

    That does one batch and tells how many it did; it ends after `seconds`, or when there is nothing left.
    Raises RuntimeError with what a process said that broke, and queue.Empty when one never answers.
    """
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(number), context.Queue()
    workers = [
        context.Process(target=_work, args=(barrier, results, prepare, seconds, arguments, worker))
        for worker in range(number)
    ]
    for worker in workers:
        worker.start()
    rows = [results.get(timeout=seconds + _PATIENCE) for _ in workers]
    for worker in workers:
        worker.join()
    broken = [row for row in rows if isinstance(row, str)]
    if broken:
        raise RuntimeError(f"{len(broken)} of {number} processes broke; the first said: {broken[0]}")
    return SharedRun(sum(row[0] for row in rows), min(row[1] for row in rows), max(row[2] for row in rows))


def _work(
    barrier: Barrier,
    results: Any,
    prepare: Callable[..., Any],
    seconds: float,
    arguments: tuple[Any, ...],
    worker: int,
) -> None:
    try:
        batch = prepare(*arguments, worker)
        barrier.wait(60)
        begun, done = time(), 0
        while time() - begun < seconds:
            step = batch()
            if step == 0:
                break
            done += step
        results.put((done, begun, time()))
    except Exception:
        results.put(traceback.format_exc())
