"""A service alert found again, among those of ten thousand cases, on either database.

Each is written from its ledger, as the task does it; their words are random, a few of them common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter

from sqlalchemy import select

from benchmarks.figures import Figure, quantile
from benchmarks.goals import at_most
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from tests.workflow.complaints import CASE
from workflow.clock import VirtualClock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.recovery.archive.search import Wanted, search
from workflow.recovery.archive.writing import write_alerts
from workflow.store import open_store
from workflow.store.port import Store
from workflow.store.schema import outbox

_MOST = 50.0
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TIMES = 20
_BATCH = 250
_COMMON = ("modem", "line", "appointment", "technician", "bill", "hotline", "window", "promise")
_CAUSES = ("dispatch", "training", "policy", "stock", "software")


def measure(session: Session) -> list[Figure]:
    """Milliseconds of the slowest search, on PostgreSQL and on SQLite."""
    return [_measured(session, "postgresql"), _measured(session, "sqlite")]


def _measured(session: Session, kind: str) -> Figure:
    cases = session.size(10_000, 100)
    url = session.migrated(kind)
    name = f"archive_{kind}"
    with closing(open_store(url, patient=True)) as store:
        with session.step(f"{kind}: service alerts of {cases:,} cases"):
            begun = perf_counter()
            _write(store, cases)
            a_case = 1000 * (perf_counter() - begun) / cases
        searches = _searches(store)
        yardsticks = session.yardsticks(kind)
        result = session.contest(name, {"makegood": lambda: _reading(searches)}, yardsticks=yardsticks)
        told = ", ".join(f"{one} {result.median('makegood', one):.1f} ms" for one in searches)
    if kind == "postgresql":
        session.drop(url.rpartition("/")[2])
    return result.figure(
        name, "ms", measure="slowest", bare=None,
        goal=lambda found: at_most(_MOST, "ms", found.value),
        notes=f"the slowest of these searches (p95 of {_TIMES}), snippets included, among {cases:,} "
        f"alerts: {told}; a case took {a_case:.1f} ms from its first event to its alert"
        + (f"; {server_words()}" if kind == "postgresql" else ""),
        detail={"title": f"A service alert found among {cases:,}, {kind}"},
    )  # fmt: skip


def _write(store: Store, cases: int) -> None:
    clock, registry = VirtualClock(_NOW), Registry(store)
    registry.register([(CASE, None)], _NOW)
    engine, random = Engine(store, registry, clock), Random(7)
    for start in range(0, cases, _BATCH):
        numbers = range(start, min(start + _BATCH, cases))
        engine.accept([one for number in numbers for one in _life(number, random, clock.now())])
        while engine.apply().decided:
            pass
        with store.connect() as connection:
            asked = select(outbox.c.key).where(outbox.c.kind == "task").order_by(outbox.c.id.desc())
            keys = list(connection.execute(asked.limit(len(numbers))).scalars())
        for key in reversed(keys):
            write_alerts(store, registry, [key])
        clock.move_to(clock.now() + timedelta(hours=5))


def _life(number: int, random: Random, now: datetime) -> list[CloudEvent]:
    def words(count: int) -> str:
        rare = (f"w{int(random.paretovariate(0.6)) % 20_000}x" for _ in range(count))
        return " ".join((*rare, random.choice(_COMMON)))

    what = {name: words(12) for name in ("when", "tried", "answered", "not_enough")}
    why = {name: words(8) for name in ("expectations", "checked_in", "verified")}
    told = {
        "what": {**what, "part": random.choice(_COMMON)},
        "why": {**why, "cause": random.choice(_CAUSES)},
        "different": {"process": words(15), "empowered": words(6), "right_people": words(6)},
    }
    lived = (
        ("open", {"customer": {"name": f"Customer {number}"}, "words": words(60), "by": "Anna"}),
        ("step", {"step": words(4), "result": words(8), "by": "Anna"}),
        ("agree", {"fix": words(10), "prevent": words(10)}),
        ("document", told),
    )
    return [
        CloudEvent(f"{number}-{trigger}", "/bench", f"case.{trigger}", f"case:C-{number}", now, data)
        for trigger, data in lived
    ]


def _searches(store: Store) -> Mapping[str, Callable[[], object]]:
    month = _NOW + timedelta(days=2)
    wanted = {
        "a rare word": Wanted("w777x"),
        "a common word": Wanted("modem"),
        "two common words and a beginning": Wanted("modem appoint techn"),
        "rare and common": Wanted("w99x window"),
        "a word that nobody used": Wanted("zeppelin modem"),
        "a common beginning": Wanted("w1"),
        "words, cause and part": Wanted("hotline", cause="training", part="modem"),
        "words and period": Wanted("bill", since=_NOW, until=month),
        "the newest of a cause": Wanted(cause="stock"),
    }

    def asking(one: Wanted) -> Callable[[], object]:
        return lambda: search(store, one)

    return {name: asking(one) for name, one in wanted.items()}


def _reading(searches: Mapping[str, Callable[[], object]]) -> Reading:
    found = {name: _milliseconds(one) for name, one in searches.items()}
    return {**found, "slowest": max(found.values())}


def _milliseconds(one: Callable[[], object]) -> float:
    one()
    took = []
    for _ in range(_TIMES):
        begun = perf_counter()
        one()
        took.append(1000 * (perf_counter() - begun))
    return quantile(took, 0.95)
