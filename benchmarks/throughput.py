"""Events applied and timers fired per second, by the engine's own two batches."""

from collections.abc import Callable

from benchmarks.figures import Figure
from benchmarks.meter import engine_on, fill, reading
from benchmarks.processes import work_together
from benchmarks.stores import Stores
from workflow.store import open_store

SECONDS = 4.0
SUBJECTS = 20_000


def applying(url: str, batch: int, worker: int) -> Callable[[], int]:
    """Applies what waits in the inbox."""
    engine = engine_on(open_store(url))
    return lambda: engine.apply(batch).decided


def firing(url: str, batch: int, worker: int) -> Callable[[], int]:
    """Fires what is due."""
    engine = engine_on(open_store(url))
    return lambda: engine.fire(batch).decided


def events_applied(stores: Stores, kind: str, batch: int, workers: int, runs: int) -> Figure:
    """Accepted events that wait in the inbox, decided and written."""
    rates = []
    enough = {1: 4_000, 50: 40_000}.get(batch, 80_000)
    for _ in range(runs):
        url = stores.fresh(kind)
        store = open_store(url)
        engine = engine_on(store)
        for first in range(0, enough, 1000):
            engine.accept([reading(n, n * 7919 % SUBJECTS) for n in range(first, first + 1000)])
        store.close()
        rates.append(work_together(workers, applying, SECONDS, url, batch).rate)
    return Figure(f"events, {kind}, batch {batch}, {_workers(workers)}", "events/s", rates)


def timers_fired(stores: Stores, kind: str, workers: int, runs: int, pending: int) -> Figure:
    """Due timers among many that are not: claim, decision, ledger, state, next timer, outbox row."""
    rates = []
    for _ in range(runs):
        url = stores.fresh(kind)
        store = open_store(url)
        engine_on(store)
        fill(store, pending, 60_000)
        store.close()
        rates.append(work_together(workers, firing, SECONDS, url, 500).rate)
    return Figure(f"timers, {kind}, {pending:,} pending, {_workers(workers)}", "timers/s", rates)


def _workers(number: int) -> str:
    return "one worker" if number == 1 else f"{number} workers"
