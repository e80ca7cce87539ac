"""What every request handler needs, built once with the application."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from workflow.access.audit import AuditLog
from workflow.access.keyring import Keyring
from workflow.access.keys import PREFIX
from workflow.api.feed.change_feed import ChangeFeed
from workflow.api.http.broker_watch import BrokerWatch
from workflow.api.http.key_bounds import KeyBounds
from workflow.api.http.metrics import Meters
from workflow.api.http.store_watch import StoreWatch
from workflow.api.ingest.backpressure import Backpressure
from workflow.api.ingest.endpoint import EventsEndpoint
from workflow.api.ingest.limits import Limits, RequestLimiter
from workflow.broker import task_names
from workflow.broker.wake_ups import WakeUps
from workflow.engine.runtime import Runtime
from workflow.hooks.open_routes import RegisteredDefinitions, Routes, open_routes
from workflow.rehearsal.rehearsal import Rehearsal
from workflow.store.watermark import Watermark


class Workers(Protocol):
    """Whoever decides what this process accepts; a broker leads to them."""

    def wake(self, task: str, subjects: Sequence[str] = ()) -> bool:
        """Have one look for the work of `task`; whether one was listening. Raises BrokerUnreachable."""

    def reachable(self) -> bool:
        """Whether they can be woken now; asks for some seconds at most."""

    def listeners(self) -> int:
        """How many processes listen for work."""


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What one process of the HTTP API works with.

    Attributes:
        runtime: the engine, its store and its clock.
        keyring: the API keys that permit requests.
        audit: where reads, acts and refusals are recorded.
        key_bounds: how often they, and wrong ones, may come.
        meters: what this process counts.
        backpressure: whether too many events are undecided.
        endpoint: answers requests with events.
        wake_ups: tells workers of accepted events; None when no broker is set.
        store: whether the database takes events.
        broker: whether the broker answers.
        listeners: how many processes of the installation listen for work; None when no broker is set.
        feed: tells everybody who follows the ledger what is new.
        routes: those that take messages of other systems, by name.
        hook_limiter: how many such messages are served at once.
        rehearsal: where what test keys send is decided; None: this is that.
    """

    runtime: Runtime
    keyring: Keyring
    audit: AuditLog
    key_bounds: KeyBounds
    meters: Meters
    backpressure: Backpressure
    endpoint: EventsEndpoint
    wake_ups: WakeUps | None
    store: StoreWatch
    broker: BrokerWatch
    listeners: Callable[[], int] | None
    feed: ChangeFeed
    routes: Routes
    hook_limiter: RequestLimiter
    rehearsal: Rehearsal | None

    def wake(self, subjects: Sequence[str]) -> None:
        """Have accepted events of these subjects applied soon; it neither blocks nor raises."""
        if self.wake_ups is not None:
            self.wake_ups.ask(task_names.APPLY, subjects)

    def gauges(self) -> Iterator[Metric]:
        """What this process knows besides its counters: undecided and uncommitted events."""
        yield GaugeMetricFamily(
            "makegood_door_undecided_events",
            "Undecided events when this process last looked; over MAKEGOOD_MAX_UNDECIDED all are sent away.",
            value=self.backpressure.waiting,
        )
        yield GaugeMetricFamily(
            "makegood_door_uncommitted_events",
            "Events that wait in this process for their commit.",
            value=self.endpoint.uncommitted,
        )

    def leave(self) -> None:
        """The process is to end: what would go on for ever ends now. In the event loop's thread."""
        self.feed.close()

    def close(self) -> None:
        """End what `open_context` started; runtime and broker are closed by the caller."""
        self.endpoint.close()
        self.backpressure.close()
        if self.wake_ups is not None:
            self.wake_ups.close()
        if self.rehearsal is not None:
            self.rehearsal.close()
        self.audit.close()


def open_context(
    runtime: Runtime,
    broker: Workers | None,
    limits: Limits,
    counters: Path | None = None,
    *,
    rehearsal: Rehearsal | None = None,
    prefix: str = PREFIX,
) -> ApiContext:
    """Build the context of a process; `counters` as for `Meters`, `prefix` as its keys begin.

    Raises DefinitionError and SettingsError for routes that cannot be used.
    """
    routes = open_routes(runtime.settings, RegisteredDefinitions(runtime.registry))
    meters = Meters(counters)

    def send(task: str, subjects: Sequence[str]) -> bool:
        assert broker is not None
        try:
            return broker.wake(task, subjects)
        except Exception:
            meters.lost_wakeups.inc()
            raise

    wake_ups = None if broker is None else WakeUps(send)

    def on_commit(subjects: Sequence[str]) -> None:
        meters.commits.inc()
        if wake_ups is not None:
            wake_ups.ask(task_names.APPLY, subjects)

    keyring, settings = Keyring(runtime.store, runtime.clock, prefix), runtime.settings
    key_bounds = KeyBounds(settings.key_rate, settings.key_burst, settings.failed_keys_per_minute)
    audit = AuditLog(runtime.store)
    backpressure = Backpressure(runtime.store, runtime.settings.max_undecided)
    context = ApiContext(
        runtime,
        keyring,
        audit,
        key_bounds,
        meters,
        backpressure,
        EventsEndpoint(runtime, keyring, key_bounds, limits, backpressure, meters, audit, on_commit),
        wake_ups,
        StoreWatch(runtime.store),
        BrokerWatch(None if broker is None else broker.reachable),
        None if broker is None else broker.listeners,
        ChangeFeed(Watermark(runtime.store), settings.change_streams),
        routes,
        RequestLimiter(limits),
        rehearsal,
    )
    meters.watch(runtime.store, runtime.clock, runtime.registry.triggers, context.gauges)
    return context


def context_in(application: Starlette) -> ApiContext:
    """The context of an application."""
    context: ApiContext = application.state.context
    return context


def context_of(connection: HTTPConnection) -> ApiContext:
    """The context of the application that serves this request."""
    return context_in(connection.app)
