"""The bare contestants' runs: a copy of a filled database, processes that work, rows counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.bare.cases import fill
from benchmarks.commits import committed, window
from benchmarks.filling import Filling, filled
from benchmarks.processes import work_together
from benchmarks.rounds import Reading
from benchmarks.session import Session

BATCH = 500


def bare_cases(
    session: Session,
    prepare: Callable[..., Callable[[], int]],
    processes: int,
    *arguments: Any,
    cases: int,
    due: int,
    future: int,
) -> Reading:
    """Outbox rows a second of the least that could do the work; `arguments` are handed to `prepare`."""
    kept = f"template of {cases} cases, {due} due, {future} in future"
    if kept not in session.kept:
        with session.step(f"filling a {kept}"):
            session.kept[kept] = session.database()
            fill(session.conninfo(session.kept[kept]), cases, due, future)
    return _run(session, session.kept[kept], prepare, processes, "outbox", *arguments)


def bare_rows(
    session: Session,
    filling: Filling,
    prepare: Callable[..., Callable[[], int]],
    processes: int,
) -> Reading:
    """Moves a second of bare psycopg on makegood's own tables."""
    return _run(session, filled(session, filling), prepare, processes, "moves")


def _run(
    session: Session,
    template: str,
    prepare: Callable[..., Callable[[], int]],
    processes: int,
    table: str,
    *arguments: Any,
) -> Reading:
    name = session.database(template)
    conninfo, measured = session.conninfo(name), window(session)
    run = work_together(processes, prepare, measured.total, conninfo, BATCH, *arguments)
    rate = committed(conninfo, table, run.begun, measured)
    session.drop(name)
    return {"rate": rate}
