"""What every request handler needs, handed over once when the application is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.requests import HTTPConnection

from workflow import task_names
from workflow.api.admission import Admission, Limits
from workflow.api.broker_watch import BrokerWatch
from workflow.api.intake import Intake
from workflow.api.metrics import Meters
from workflow.api.pressure import Pressure
from workflow.api.reception import Reception
from workflow.broker import Broker
from workflow.keys import Keyring
from workflow.runtime import Runtime
from workflow.wakes import Wakes


@dataclass(frozen=True, slots=True)
class Door:
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
    pressure: Pressure
    intake: Intake
    wakes: Wakes | None
    broker: BrokerWatch

    def wake(self, subjects: Sequence[str]) -> None:
        """Have events applied soon. A courtesy after the commit: it neither blocks nor fails."""
        if self.wakes is not None:
            self.wakes.ask(task_names.APPLY, subjects)

    def gauges(self) -> Iterator[Metric]:
        """What this process's door sees."""
        yield GaugeMetricFamily(
            "makegood_door_undecided_events",
            "Undecided events when this process last looked; over MAKEGOOD_MAX_UNDECIDED all are sent away.",
            value=self.pressure.waiting,
        )
        yield GaugeMetricFamily(
            "makegood_door_uncommitted_events",
            "Events that wait in this process for their commit.",
            value=self.reception.waiting,
        )

    def close(self) -> None:
        """End what was started for this door; runtime and broker belong to who built it."""
        self.reception.close()
        self.pressure.close()
        if self.wakes is not None:
            self.wakes.close()
        self.broker.close()


def open_door(runtime: Runtime, broker: Broker | None, limits: Limits, counters: Path | None = None) -> Door:
    """Wire a door; `counters` as for `Meters`."""
    meters = Meters(counters)

    def send(task: str, subjects: Sequence[str]) -> bool:
        assert broker is not None
        try:
            return broker.wake(task, subjects)
        except Exception:
            meters.lost_wakeups.inc()
            raise

    wakes = None if broker is None else Wakes(send)

    def told(subjects: Sequence[str]) -> None:
        meters.commits.inc()
        if wakes is not None:
            wakes.ask(task_names.APPLY, subjects)

    keyring = Keyring(runtime.store)
    reception = Reception(
        runtime.engine.acceptor,
        runtime.clock,
        told,
        most_waiting=limits.waiting,
        one_writer=runtime.store.dialect == "sqlite",
    )
    pressure = Pressure(runtime.store, runtime.settings.max_undecided)
    door = Door(
        runtime,
        keyring,
        meters,
        reception,
        pressure,
        Intake(keyring, Admission(limits), pressure, reception, meters),
        wakes,
        BrokerWatch(None if broker is None else broker.reachable),
    )
    meters.watch(runtime.store, runtime.clock, door.gauges)
    return door


def door_of(connection: HTTPConnection) -> Door:
    """The door through which this request came."""
    door: Door = connection.app.state.door
    return door
