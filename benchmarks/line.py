"""The desk's line: the first of a hundred thousand open calls, on either database."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter

from benchmarks.figures import Figure, quantile
from benchmarks.goals import at_most
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from state_machines.values.instants import format_instant
from workflow.clock import VirtualClock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.recovery import vocabulary
from workflow.recovery.desk.line import Wishes, line
from workflow.store import open_store
from workflow.store.port import Store

_MOST = 5.0
_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_TIMES = 50
_BATCH = 500
_SHOWN = 50


def measure(session: Session) -> list[Figure]:
    """Milliseconds of a look at the first fifty, p95, on PostgreSQL and on SQLite."""
    vocabulary.register()
    return [_measured(session, "postgresql"), _measured(session, "sqlite")]


def _measured(session: Session, kind: str) -> Figure:
    calls = session.size(100_000, 1_000)
    url, name = session.migrated(kind), f"line_{kind}"
    with closing(open_store(url, patient=True)) as store:
        with session.step(f"{kind}: {calls:,} calls"):
            _ask_for(store, calls)
        yardsticks = session.yardsticks(kind)
        result = session.contest(name, {"makegood": lambda: _reading(store)}, yardsticks=yardsticks)
    if kind == "postgresql":
        session.drop(url.rpartition("/")[2])
    return result.figure(
        name, "ms", measure="p95", bare=None,
        goal=lambda found: at_most(_MOST, "ms", found.value),
        notes=f"the first {_SHOWN} of {calls:,} open calls, as a desk sees them: p95 of {_TIMES} looks"
        + (f"; {server_words()}" if kind == "postgresql" else ""),
        detail={"title": f"The first {_SHOWN} of {calls:,} calls, {kind}"},
    )  # fmt: skip


def _ask_for(store: Store, calls: int) -> None:
    """Calls that are promised for any minute of a week."""
    clock, registry, random = VirtualClock(_NOW), Registry(store), Random(7)
    registry.register(catalog_sources(), _NOW)
    engine = Engine(store, registry, clock)
    for start in range(0, calls, _BATCH):
        engine.accept([_call(number, random) for number in range(start, min(start + _BATCH, calls))])
        while engine.apply().decided:
            pass


def _call(number: int, random: Random) -> CloudEvent:
    due_at = format_instant(_NOW + timedelta(minutes=random.randrange(60, 7 * 24 * 60)))
    customer = {"name": f"Customer {number}", "phone": f"+49 30 {number:07}", "zone": "Europe/Berlin"}
    data = {"customer": customer, "words": "We call you back", "due_at": due_at}
    return CloudEvent(f"c-{number}", "/bench", "callback.request", f"callback:{number}", _NOW, data)


def _reading(store: Store) -> Reading:
    took = []
    for _ in range(_TIMES):
        begun = perf_counter()
        found = line(store, _NOW, Wishes(), _SHOWN)
        took.append(1000 * (perf_counter() - begun))
        assert len(found) == _SHOWN
    return {"p95": quantile(took, 0.95), "p50": quantile(took, 0.5)}
