"""What ten million pending timers cost: a batch of due ones, their lateness, space on disk, workers' memory.

Each is measured beside a thousand pending timers in the same run, batch by batch in turn, so that only the
number of those that are not due differs. The due ones are of subjects of their own: what they need is as warm
in memory with few pending as with many.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time

import psutil
import psycopg

from benchmarks.bare import same_rows
from benchmarks.dues import Dues
from benchmarks.figures import Figure
from benchmarks.filling import Filling
from benchmarks.goals import Goal, at_most
from benchmarks.meter import METER, engine_on
from benchmarks.result import Result
from benchmarks.rounds import Contestant, Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.stack import installed
from benchmarks.timed import BATCH, WARM_UP, milliseconds, seconds_of
from benchmarks.working import add_due, prefix, settle, working
from workflow.store import open_store

_MARGIN = 1.10
_BYTES = 300
_LEAD = 6.5
"""Seconds from loading to the first due timer: in between the schedulers look at least once, and find it."""

Fire = Callable[[], int]
Opened = tuple[Fire, Callable[[], None]]
"""Fires a batch; closes what that needs."""


def measure(session: Session) -> list[Figure]:
    """`pending_10m` and what belongs to it: lateness, bytes a timer, memory."""
    few, many = session.size((1_000, 10_000_000), (1_000, 20_000))
    contestants: dict[str, Contestant] = {
        "makegood": lambda: _in_turn(session, few, many, _engine),
        "bare": lambda: _in_turn(session, few, many, _bare),
        "worker": lambda: {**_worked(session, few), **_named(_worked(session, many))},
    }
    result = session.contest("pending_10m", contestants)
    return [_cost(result, few, many), *_worker_figures(result, few, many), _space(session, result, many)]


def _cost(result: Result, few: int, many: int) -> Figure:
    small, large = (result.rounds.values("makegood", size) for size in ("small", "large"))
    return result.only("makegood", "bare").figure(
        "pending_10m",
        f"times the cost at {few:,}",
        measure="times",
        goal=lambda found: at_most(_MARGIN, f"times the cost at {few:,}", found.value),
        notes=f"a batch of 500 due timers, claimed, decided, written and committed by one process: "
        f"{min(large):.1f}..{max(large):.1f} ms with {many:,} pending, {min(small):.1f}..{max(small):.1f} ms "
        f"with {few:,}, in turn; bare: the same rows by psycopg, in turn on the same databases; "
        f"{server_words()}",
        detail={"small": small, "large": large},
    )


def _worker_figures(result: Result, few: int, many: int) -> list[Figure]:
    alone = result.only("worker")

    def flat(found: Figure) -> Goal:
        within = found.value <= _MARGIN * found.detail["few"]
        return Goal(f"within 10% of {found.detail['few']:.3g} at {few:,}", within, None)

    figures = []
    for name, unit, measure, words in (
        ("pending_10m_late", "ms", "p50", "half of the timers are later than this"),
        ("pending_10m_late_p99", "ms", "p99", "one in a hundred is later than this"),
        ("pending_10m_memory", "MB", "memory", "resident memory of the worker, its pool and its scheduler"),
    ):
        before = alone.median("worker", measure)
        figures.append(
            alone.figure(
                name, unit, measure=f"many {measure}", ours="worker", bare=None, goal=flat,
                notes=f"{words}, with {many:,} pending; {before:.3g} with {few:,}; 100 timers a second fall "
                "due, `makegood worker --concurrency 2`; from due to committed",
                detail={"few": before, "title": f"{many:,} pending timers: {words}"},
            )
        )  # fmt: skip
    return figures


def _space(session: Session, result: Result, many: int) -> Figure:
    with (
        working(session, Filling(pending=many)) as name,
        psycopg.connect(session.conninfo(name)) as connection,
    ):
        total, rows = connection.execute(
            "select pg_total_relation_size('timers'), (select count(*) from timers)"
        ).fetchone() or (0, 1)
    return result.alone(
        "pending_10m_bytes", "bytes", [total / rows],
        goal=at_most(_BYTES, "bytes", total / rows),
        notes=f"a pending timer with its share of all indexes of its table, {rows:,} rows",
        detail={"title": "A pending timer's space on disk"},
    )  # fmt: skip


def _in_turn(session: Session, few: int, many: int, opened: Callable[[Session, str], Opened]) -> Reading:
    """The median batch on either database, and how many times the one takes the other's time."""
    times = session.size(60, 4)
    with working(session, Filling(pending=few)) as small, working(session, Filling(pending=many)) as large:
        for name in (small, large):
            add_due(session, name, BATCH * (WARM_UP + times))
        (fire_small, close_small), (fire_large, close_large) = opened(session, small), opened(session, large)
        seconds_of(fire_small, WARM_UP)
        seconds_of(fire_large, WARM_UP)
        spans: tuple[list[float], list[float]] = ([], [])
        for _ in range(times):
            spans[0].extend(seconds_of(fire_small, 1))
            spans[1].extend(seconds_of(fire_large, 1))
        close_small()
        close_large()
    first, second = map(milliseconds, spans)
    return {"times": second / first, "small": first, "large": second}


def _engine(session: Session, name: str) -> Opened:
    store = open_store(session.server.url(name), patient=True)
    engine = engine_on(store)
    return lambda: engine.fire(BATCH).decided, store.close


def _bare(session: Session, name: str) -> Opened:
    connection = psycopg.connect(session.conninfo(name))
    return same_rows.firing_on(connection, BATCH), connection.close


def _worked(session: Session, pending: int) -> Reading:
    """Lateness and memory of a real worker beside so many pending timers."""
    count, window = session.size((600, 6.0), (60, 0.6))
    mark = prefix()
    with (
        working(session, Filling(pending=pending)) as name,
        installed(session, session.server.url(name), (METER,)) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
    ):
        settle(connection)
        worker = stack.start_worker(2)
        stack.wait_for_workers(1)
        dues = Dues("meter", count, time() + _LEAD, window)
        dues.load(connection, mark)
        dues.wait(connection, session.size(20.0, 10.0))
        memory = _memory(worker.pid)
        late = dues.reading(connection, mark)
        if late["fired"] < count:
            raise RuntimeError(f"only {late['fired']} of {count} timers fired; the worker: {stack.said()}")
    return {"p50": late["p50"], "p99": late["p99"], "memory": memory}


def _named(reading: Reading) -> dict[str, float]:
    return {f"many {name}": value for name, value in reading.items()}


def _memory(pid: int) -> float:
    """Resident megabytes of a process and all it started."""
    process = psutil.Process(pid)
    resident: int = sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    return resident / 1e6
