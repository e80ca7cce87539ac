"""What every request handler needs, handed over once when the application is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.requests import HTTPConnection

from workflow.access.keys import Keyring
from workflow.api.http.broker_watch import BrokerWatch
from workflow.api.http.metrics import Meters
from workflow.api.ingest.backpressure import Backpressure
from workflow.api.ingest.endpoint import EventsEndpoint
from workflow.api.ingest.limits import Limits, RequestLimiter
from workflow.api.ingest.reception import Reception
from workflow.broker import task_names
from workflow.broker.client import Broker
from workflow.broker.wake_ups import WakeUps
from workflow.engine.runtime import Runtime


@dataclass(frozen=True, slots=True)
class ApiContext:
    """One process's HTTP door.

    Attributes:
        runtime: the engine behind it, its store and its clock.
        intake: takes requests with events.
        wakes: tells workers of accepted events; None when no broker is set.
        broker: whether the broker answers.
    """

    runtime: Runtime
    keyring: Keyring
    meters: Meters
    reception: Reception
    backpressure: Backpressure
    endpoint: EventsEndpoint
    wake_ups: WakeUps | None
    broker: BrokerWatch

    def wake(self, subjects: Sequence[str]) -> None:
        """Have events applied soon. A courtesy after the commit: it neither blocks nor fails."""
        if self.wake_ups is not None:
            self.wake_ups.ask(task_names.APPLY, subjects)

    def gauges(self) -> Iterator[Metric]:
        """What this process's door sees."""
        yield GaugeMetricFamily(
            "makegood_door_undecided_events",
            "Undecided events when this process last looked; over MAKEGOOD_MAX_UNDECIDED all are sent away.",
            value=self.backpressure.waiting,
        )
        yield GaugeMetricFamily(
            "makegood_door_uncommitted_events",
            "Events that wait in this process for their commit.",
            value=self.reception.waiting,
        )

    def close(self) -> None:
        """End what was started for this door; runtime and broker belong to who built it."""
        self.reception.close()
        self.backpressure.close()
        if self.wake_ups is not None:
            self.wake_ups.close()
        self.broker.close()


def open_context(
    runtime: Runtime, broker: Broker | None, limits: Limits, counters: Path | None = None
) -> ApiContext:
    """Wire a door; `counters` as for `Meters`."""
    meters = Meters(counters)

    def send(task: str, subjects: Sequence[str]) -> bool:
        assert broker is not None
        try:
            return broker.wake(task, subjects)
        except Exception:
            meters.lost_wakeups.inc()
            raise

    wake_ups = None if broker is None else WakeUps(send)

    def told(subjects: Sequence[str]) -> None:
        meters.commits.inc()
        if wake_ups is not None:
            wake_ups.ask(task_names.APPLY, subjects)

    keyring = Keyring(runtime.store)
    reception = Reception(
        runtime.engine.acceptor,
        runtime.clock,
        told,
        most_waiting=limits.waiting,
        one_writer=runtime.store.dialect == "sqlite",
    )
    backpressure = Backpressure(runtime.store, runtime.settings.max_undecided)
    context = ApiContext(
        runtime,
        keyring,
        meters,
        reception,
        backpressure,
        EventsEndpoint(keyring, RequestLimiter(limits), backpressure, reception, meters),
        wake_ups,
        BrokerWatch(None if broker is None else broker.reachable),
    )
    meters.watch(runtime.store, runtime.clock, context.gauges)
    return context


def context_of(connection: HTTPConnection) -> ApiContext:
    """The door through which this request came."""
    context: ApiContext = connection.app.state.context
    return context
