"""Metrics for Prometheus: what this process served, and beside it what the store says (`store_metrics`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from workflow.api.http.store_metrics import OldestDueCollector, StoreCollector, Triggers
from workflow.clock import Clock
from workflow.store.port import Store

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
        self.gauges.register(OldestDueCollector(store, clock))
        self.gauges.register(StoreCollector(store, clock, triggers))
        self.gauges.register(ContextCollector(context))

    def text(self, names: Sequence[str] = ()) -> bytes:
        """Everything, in Prometheus' text format; or, of what says its names beforehand, these alone."""
        if names:
            return generate_latest(self.gauges.restricted_registry(names))
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
