"""The page of who runs makegood, part by part, among a million subjects of which many have gone wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from time import perf_counter

from benchmarks.figures import Figure, quantile
from benchmarks.goals import at_most
from benchmarks.meter import METER
from benchmarks.operate_population import troubled
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from workflow.broker.app import celery_app
from workflow.broker.client import Broker
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.registry import Registry
from workflow.maintenance.backlog import look
from workflow.maintenance.causes import causes, counted
from workflow.maintenance.given_up import Cause, GivenUp
from workflow.queries.effects import effects
from workflow.queries.late_timers import late_timers
from workflow.queries.refusals import last_refusals
from workflow.queries.state_counts import state_counts
from workflow.recovery import vocabulary
from workflow.settings import Settings
from workflow.store import open_store
from workflow.store.effect_states import EffectState
from workflow.store.port import Store

_MOST = 50.0
_TIMES = 60
_COUNTED, _SHOWN, _SAMPLES = 1_000, 20, 5
"""As the page asks for them."""

Look = Callable[[], object]


def measure(session: Session) -> list[Figure]:
    """Milliseconds of the slowest part of `/operate`, p95, on PostgreSQL and on SQLite."""
    vocabulary.register()
    return [_measured(session, "postgresql"), _measured(session, "sqlite")]


def _measured(session: Session, kind: str) -> Figure:
    count = session.size(1_000_000, 10_000)
    url, name = troubled(session, kind, count), f"operate_1m_{kind}"
    yardsticks = session.yardsticks(kind)
    with session.broker() as broker, closing(open_store(url, patient=True)) as store:
        looks = _looks(store, Broker(celery_app(Settings(broker_url=broker.url))))
        result = session.contest(name, {"makegood": partial(_reading, looks)}, yardsticks=yardsticks)
    told = ", ".join(
        f"{one} {result.median('makegood', one):.1f}/{result.median('makegood', f'{one} p95'):.1f}"
        for one in looks
    )
    if kind == "postgresql":
        session.drop(url.rpartition("/")[2])
    return result.figure(
        name, "ms", measure="slowest p95", bare=None,
        goal=lambda found: at_most(_MOST, "ms", found.value),
        notes=f"the slowest part of the page of who runs makegood (p95 of {_TIMES} looks), among {count:,} "
        "subjects of which a fiftieth have a timer that is due, a hundredth a dead event and the newest "
        f"fifteenth a dead effect; p50/p95 in ms: {told}"
        + (f"; {server_words()}" if kind == "postgresql" else ""),
        detail={"title": f"What has gone wrong among {count:,} subjects, {kind}"},
    )  # fmt: skip


def _looks(store: Store, broker: Broker) -> Mapping[str, Look]:
    """What the page asks, by what it is called there."""
    now, registry = datetime.now(UTC), Registry(store)
    registry.register([*catalog_sources(), (METER, None)], now)
    states = [state.name for state in registry.latest("meter").definition.states]
    cause = Cause(GivenUp.EFFECT, "bench.note_1", "task-fault-1")
    return {
        "what waits, and since when": lambda: look(store, now, _COUNTED),
        "how late timers are": lambda: late_timers(store, registry.names(), now),
        "given up, by cause": lambda: causes(store),
        "refused lately, by cause": lambda: last_refusals(store)[:_SHOWN],
        "sends of unknown outcome": lambda: effects(store, [EffectState.UNKNOWN], limit=_SHOWN),
        "workers": lambda: (broker.reachable(), broker.listeners()),
        "one cause, before all of it is done": lambda: counted(store, cause, _SAMPLES),
        "states of a lifecycle": lambda: state_counts(store, "meter", states),
    }


def _reading(looks: Mapping[str, Look]) -> Reading:
    found: dict[str, float] = {}
    for name, one in looks.items():
        took = _milliseconds(one)
        found |= {name: quantile(took, 0.5), f"{name} p95": quantile(took, 0.95)}
    return {**found, "slowest p95": max(value for name, value in found.items() if name.endswith("p95"))}


def _milliseconds(one: Look) -> list[float]:
    one()
    took = []
    for _ in range(_TIMES):
        begun = perf_counter()
        one()
        took.append(1000 * (perf_counter() - begun))
    return took
