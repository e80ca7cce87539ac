"""What every request handler needs, handed over once when the application is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from workflow import task_names
from workflow.api.admission import Admission
from workflow.api.broker_watch import BrokerWatch
from workflow.api.metrics import Meters
from workflow.broker import Broker
from workflow.keys import Keyring
from workflow.runtime import Runtime
from workflow.wakes import Wakes


@dataclass(frozen=True, slots=True)
class Door:
    """One process's HTTP door.

    Attributes:
        runtime: the engine behind it, its store and its clock.
        wakes: tells workers of accepted events; None when no broker is set.
        broker: whether the broker answers.
    """

    runtime: Runtime
    keyring: Keyring
    meters: Meters
    admission: Admission
    wakes: Wakes | None
    broker: BrokerWatch

    def wake(self, subjects: Sequence[str]) -> None:
        """Have events applied soon. A courtesy after the commit: it neither blocks nor fails."""
        if self.wakes is not None:
            self.wakes.ask(task_names.APPLY, subjects)

    def close(self) -> None:
        """End what was started for this door; runtime and broker belong to who built it."""
        if self.wakes is not None:
            self.wakes.close()
        self.broker.close()


def open_door(runtime: Runtime, broker: Broker | None) -> Door:
    """Wire a door."""
    meters = Meters()
    meters.watch(runtime.store, runtime.clock)

    def send(task: str, subjects: Sequence[str]) -> None:
        assert broker is not None
        try:
            broker.go(task, subjects)
        except Exception:
            meters.lost_wakeups.inc()
            raise

    return Door(
        runtime,
        Keyring(runtime.store),
        meters,
        Admission(),
        None if broker is None else Wakes(send),
        BrokerWatch(None if broker is None else broker.reachable),
    )


def door_of(connection: HTTPConnection) -> Door:
    """The door through which this request came."""
    door: Door = connection.app.state.door
    return door
