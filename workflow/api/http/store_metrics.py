"""Metrics out of the store: what waits, how subjects stand, what was decided and how late, what went out.

They are read from SQL when they are asked for, so that every API process says the same.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from makegood import __version__
from workflow.broker.dead_messages import counts_by_reason
from workflow.clock import Clock, monotonic
from workflow.engine.endless_chains import ENDLESS_CHAIN
from workflow.engine.suspects import ENDED_PROCESSES
from workflow.maintenance.backlog import FullCount, Queue, full_count, oldest_due
from workflow.queries.decision_counts import Counts, DecisionCounts
from workflow.queries.lateness_counts import BOUNDS, Lateness, LatenessCounts
from workflow.queries.subjects import subjects_by_state
from workflow.recovery.notice_counts import notice_counts
from workflow.store.port import Store
from workflow.telemetry.refreshed import Refreshed

MOST_STATES = 500
"""So many pairs of lifecycle and state are shown; a system with more of them counts elsewhere."""
_KEEP_POPULATION = 10.0
_KEEP_NOTICES = 30.0
_KEEP_DECISIONS = 5.0
Triggers = Callable[[str], Collection[str] | None]
_OTHER = "other"
"""The label of lifecycles and triggers that the newest definitions do not have: labels must be few."""


class StoreCollector(Collector):
    """Gauges out of the store."""

    def __init__(self, store: Store, clock: Clock, triggers: Triggers) -> None:
        self._store = store
        self._clock = clock
        self._triggers = triggers
        self._population: list[tuple[str, str, int]] = []
        self._population_until = 0.0
        self._notices = Refreshed(lambda: notice_counts(store), keep=_KEEP_NOTICES)
        self._decisions = Refreshed(DecisionCounts(store).read, keep=_KEEP_DECISIONS)
        self._lateness = Refreshed(LatenessCounts(store).read, keep=_KEEP_DECISIONS)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """One query for each thing that waits."""
        info = GaugeMetricFamily("makegood_info", "1, of the version that runs.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield from _waiting(full_count(self._store, self._clock.now()))
        subjects = GaugeMetricFamily(
            "makegood_subjects", "Subjects by lifecycle and state.", labels=["lifecycle", "state"]
        )
        for lifecycle, state, count in self._counted()[:MOST_STATES]:
            subjects.add_metric([lifecycle, state], count)
        yield subjects
        yield _notices(self._notices.get() or {})
        yield _decisions(self._decisions.get() or {}, self._triggers)
        yield _lateness(self._lateness.get() or {}, self._triggers)
        yield _dead_messages(counts_by_reason(self._store))

    def _counted(self) -> list[tuple[str, str, int]]:
        """Counting all subjects reads a whole index, so it is done every few seconds at most."""
        if monotonic() >= self._population_until:
            self._population = sorted(subjects_by_state(self._store))
            self._population_until = monotonic() + _KEEP_POPULATION
        return self._population


class OldestDueCollector(Collector):
    """How long the oldest that is due waits: one figure, which can be asked for by itself."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Its name, without asking the database."""
        yield self._metric()

    def collect(self) -> Iterator[Metric]:
        """The figure as it is now."""
        metric = self._metric()
        metric.add_metric([], oldest_due(self._store, self._clock.now()).total_seconds())
        yield metric

    @staticmethod
    def _metric() -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "makegood_oldest_due_seconds", "How long the oldest event, timer or effect waits for a worker."
        )


def _notices(counts: Mapping[tuple[str, str], int]) -> Metric:
    notices = CounterMetricFamily(
        "makegood_notices",
        "Notices by channel and receipt; what is unknown goes to a person.",
        labels=["channel", "receipt"],
    )
    for (channel, receipt), count in sorted(counts.items()):
        notices.add_metric([channel, receipt], count)
    return notices


def _dead_messages(counts: Mapping[str, int]) -> Metric:
    messages = CounterMetricFamily(
        "makegood_dead_messages",
        "Messages taken off our queues that could not be read or were not believed, by reason.",
        labels=["reason"],
    )
    for reason, count in sorted(counts.items()):
        messages.add_metric([reason], count)
    return messages


def _decisions(counts: Counts, triggers: Triggers) -> Metric:
    decisions = CounterMetricFamily(
        "makegood_decisions",
        "Decisions by lifecycle, trigger and outcome: moved, stayed, refused.",
        labels=["lifecycle", "trigger", "outcome"],
    )
    known: Tally[tuple[str, str, str]] = Tally()
    for (lifecycle, trigger, outcome), count in counts.items():
        declared = triggers(lifecycle)
        label = _OTHER if declared is None else lifecycle
        known[label, trigger if trigger in (declared or ()) else _OTHER, outcome] += count
    for labels, count in sorted(known.items()):
        decisions.add_metric(labels, count)
    return decisions


def _lateness(found: Mapping[str, Lateness], triggers: Triggers) -> Metric:
    metric = HistogramMetricFamily(
        "makegood_lateness_seconds",
        "From the instant at which a timer was due to that of its decision, by lifecycle.",
        labels=["lifecycle"],
    )
    known: dict[str, list[Lateness]] = {}
    for lifecycle, one in found.items():
        known.setdefault(_OTHER if triggers(lifecycle) is None else lifecycle, []).append(one)
    for label, several in sorted(known.items()):
        buckets = [(str(bound), sum(one.within[n] for one in several)) for n, bound in enumerate(BOUNDS)]
        buckets.append(("+Inf", sum(one.count for one in several)))
        metric.add_metric([label], buckets, sum_value=sum(one.seconds for one in several))
    return metric


def _waiting(found: FullCount) -> Iterator[Metric]:
    def gauge(name: str, meaning: str, value: float) -> Metric:
        return GaugeMetricFamily(f"makegood_{name}", meaning, value=value)

    def seconds(queue: Queue) -> float:
        return backlog.age(queue).total_seconds()

    backlog = found.backlog

    yield gauge("inbox_events", "Events accepted and not yet decided.", backlog.events.waiting)
    yield gauge("inbox_oldest_seconds", "Age of the oldest of them.", seconds(backlog.events))
    yield gauge("timers_due", "Timers due and not yet fired.", backlog.timers.waiting)
    yield gauge("timers_oldest_late_seconds", "Lateness of the oldest of them.", seconds(backlog.timers))
    yield gauge(
        "effects_oldest_due_seconds",
        "How long the oldest unsettled effect is due.",
        seconds(backlog.effects),
    )
    effects = GaugeMetricFamily("makegood_effects", "Effects not settled, by state.", labels=["state"])
    for state in ("pending", "published", "sending", "dead", "unknown"):
        effects.add_metric([state], found.effects.get(state, 0))
    yield effects
    dead = GaugeMetricFamily("makegood_dead_letters", "What waits for an operator.", labels=["kind"])
    counts = {
        "event": found.dead_events - found.refused_openings,
        "opening": found.refused_openings,
        "timer": found.dead_timers,
        "effect": found.effects.get("dead", 0),
        "message": found.dead_messages,
    }
    for kind, count in counts.items():
        dead.add_metric([kind], count)
    yield dead
    poison = GaugeMetricFamily(
        "makegood_poison",
        "Of the dead letters, those that would have harmed others, by rule.",
        labels=["rule"],
    )
    poison.add_metric([ENDED_PROCESSES], found.ended_processes)
    poison.add_metric([ENDLESS_CHAIN], found.endless_chains)
    yield poison
    yield gauge("suspects", "Undecided events and timers over which a process died.", found.suspects)
    yield CounterMetricFamily(
        "makegood_discards", "Events and timers that operators dropped.", value=found.discards
    )
