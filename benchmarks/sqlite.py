"""SQLite on one machine, in one process: the engine's own batches at true durability.

Beside them bare sqlite3 that writes the very rows that makegood writes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from benchmarks.bare import sqlite_rows
from benchmarks.figures import Figure
from benchmarks.goals import at_least
from benchmarks.meter import engine_on
from benchmarks.rounds import Reading
from benchmarks.session import Session
from benchmarks.sqlite_filling import filled
from workflow.store import open_store

_BATCH = 500
_LEAST = 5_000
_WORDS = (
    "SQLite with WAL and synchronous=FULL, one process, batches of 500 through the engine, "
    "without Celery; bare: the same rows by sqlite3's executemany"
)


def timers(session: Session) -> list[Figure]:
    """`sqlite_timers`: due timers among as many that are not."""
    count = session.size(300_000, 12_000)
    return [_measured(session, "sqlite_timers", "timers/s", due=count, events=0)]


def events(session: Session) -> list[Figure]:
    """`sqlite_events`: events that wait in the inbox, each about any of the subjects."""
    count = session.size(300_000, 12_000)
    return [_measured(session, "sqlite_events", "events/s", due=0, events=count)]


def _measured(session: Session, name: str, unit: str, *, due: int, events: int) -> Figure:
    pending = session.size(200_000, 1_000)
    path = filled(session, pending=pending, due=due, events=events)
    bare = sqlite_rows.firing if due else sqlite_rows.applying
    contestants = {
        "makegood": lambda: _run(session, path, lambda copy: _engine(copy, firing=bool(due))),
        "bare": lambda: _run(session, path, lambda copy: bare(copy, _BATCH)),
    }
    result = session.contest(name, contestants, yardsticks=session.yardsticks("sqlite"))
    what = f"{due:,} timers due" if due else f"{events:,} events wait"
    return result.figure(
        name,
        unit,
        goal=lambda found: at_least(_LEAST, unit, found.value),
        notes=f"{what}, {pending:,} more timers pending; {_WORDS}",
    )


def _engine(path: str, *, firing: bool) -> Callable[[], int]:
    engine = engine_on(open_store(f"sqlite:///{path}"))
    if firing:
        return lambda: engine.fire(_BATCH).decided
    return lambda: engine.apply(_BATCH).decided


def _run(session: Session, template: Path, prepare: Callable[[str], Callable[[], int]]) -> Reading:
    """Work on a copy: so many seconds thrown away, so many measured. Raises ValueError when it ran dry."""
    warm_up, seconds = session.size((2.0, 4.0), (0.02, 0.1))
    copy = session.place("sqlite") / "copy.db"
    shutil.copy(template, copy)
    batch = prepare(str(copy))
    until = perf_counter() + warm_up
    while perf_counter() < until:
        batch()
    begun, done = perf_counter(), 0
    while (spent := perf_counter() - begun) < seconds:
        step = batch()
        if step == 0:
            break
        done += step
    if not done:
        raise ValueError("all of it was done before the warm-up was over")
    shutil.rmtree(copy.parent)
    return {"rate": done / spent}
