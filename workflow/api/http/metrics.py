"""Metrics for Prometheus: what this process served, and what waits in the store.

The counters are this process's own; the gauges are read from SQL when they are asked for, so that every
API process says the same.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from workflow.broker.dead_messages import counts_by_reason
from workflow.clock import Clock, monotonic
from workflow.engine.endless_chains import ENDLESS_CHAIN
from workflow.engine.suspects import ENDED_PROCESSES
from workflow.maintenance.backlog import FullCount, Queue, full_count
from workflow.queries.decision_counts import Counts, DecisionCounts
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
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """What one process counts; with `counters` (see `shared_meters`) all of a door count together."""

    def __init__(self, counters: Path | None = None) -> None:
        self._counters = counters
        self.registry = CollectorRegistry()
        self.gauges = CollectorRegistry()
        """What is asked for when it is shown: it is counted by nobody."""
        self.requests = Counter(
            "makegood_http_requests",
            "Requests served.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "makegood_http_request_seconds", "Time to serve a request.", ["method", "route"],
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.events = Counter(
            "makegood_events", "Events received, by what the door answered: accepted, duplicate, refused.",
            ["answer"], registry=self.registry,
        )  # fmt: skip
        self.accepted, self.duplicate, self.refused = (
            self.events.labels(answer) for answer in ("accepted", "duplicate", "refused")
        )
        self.commits = Counter(
            "makegood_event_commits", "Commits that stored new events; several requests may share one.",
            registry=self.registry,
        )  # fmt: skip
        self.turned_away = Counter(
            "makegood_requests_turned_away",
            "Requests with events answered 429, by reason: backlog (too many undecided events), queue (too "
            "many uncommitted ones), concurrency, memory, key-rate, wrong-keys.",
            ["reason"], registry=self.registry,
        )  # fmt: skip
        for reason in ("backlog", "queue", "concurrency", "memory", "key-rate", "wrong-keys"):
            self.turned_away.labels(reason)
        self._messages = Counter(
            "makegood_route_messages",
            "Messages that came in by a route, by what became of them: accepted, duplicate, ignored, kept "
            "(to be looked at), unsigned (refused).",
            ["route", "outcome"], registry=self.registry,
        )  # fmt: skip
        self.lost_wakeups = Counter(
            "makegood_wakeups_not_sent", "Wake-ups that the broker did not take; a sweep makes up for them.",
            registry=self.registry,
        )  # fmt: skip
        self.connections_ended = Counter(
            "makegood_connections_ended",
            "Connections that were ended before their request was served, by the rule that it broke: size, "
            "fields, timeout, connections, and so on.",
            ["rule"], registry=self.registry,
        )  # fmt: skip
        self._served: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def ended_early(self, rule: str) -> None:
        """Count a connection that was ended for what came over it, or for being one too many."""
        self.connections_ended.labels(rule).inc()

    def message(self, route: str, outcome: str) -> None:
        """Count a message of a route that is open."""
        self._messages.labels(route, outcome).inc()

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. Both names must be out of short lists: each is a label."""
        counted = self._served.get((method, route, status))
        if counted is None:
            counted = self.requests.labels(method, route, status), self.seconds.labels(method, route)
            self._served[method, route, status] = counted
        counted[0].inc()
        counted[1].observe(seconds)

    def watch(
        self,
        store: Store,
        clock: Clock,
        triggers: Triggers,
        context: Callable[[], Iterable[Metric]],
    ) -> None:
        """Show what this store holds as well, and gauges of the door itself.

        `triggers` gives those of a lifecycle; None of one that is not registered.
        """
        self.gauges.register(StoreCollector(store, clock, triggers))
        self.gauges.register(ContextCollector(context))

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        counted = self.registry
        if self._counters is not None:
            counted = CollectorRegistry()
            counted.register(SharedMetersCollector(self._counters))
        return generate_latest(counted) + generate_latest(self.gauges)


class SharedMetersCollector(Collector):
    """What all processes of a door have counted, those that have ended included."""

    def __init__(self, counters: Path) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """Their sums."""
        # A process that starts makes its file first and writes its head then: for a moment it is empty.
        files = [str(file) for file in self._counters.glob("*.db") if file.stat().st_size]
        metrics: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return metrics


class ContextCollector(Collector):
    """Gauges of this process's door."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self._collect = collect

    def describe(self) -> Iterable[Metric]:
        """Nothing: there need be no door yet."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """What the door says now."""
        return self._collect()


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

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """One query for each thing that waits."""
        yield from _waiting(full_count(self._store, self._clock.now()))
        subjects = GaugeMetricFamily(
            "makegood_subjects", "Subjects by lifecycle and state.", labels=["lifecycle", "state"]
        )
        for lifecycle, state, count in self._counted()[:MOST_STATES]:
            subjects.add_metric([lifecycle, state], count)
        yield subjects
        yield _notices(self._notices.get() or {})
        yield _decisions(self._decisions.get() or {}, self._triggers)
        yield _dead_messages(counts_by_reason(self._store))

    def _counted(self) -> list[tuple[str, str, int]]:
        """Counting all subjects reads a whole index, so it is done every few seconds at most."""
        if monotonic() >= self._population_until:
            self._population = sorted(subjects_by_state(self._store))
            self._population_until = monotonic() + _KEEP_POPULATION
        return self._population


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
