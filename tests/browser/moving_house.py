"""A door on a real socket whose clock is moved: what is due on the way happens here, notices included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from state_machines.values.instants import earlier
from tests.api.conftest import House, open_house
from tests.api.deciding import deciding
from tests.waiting import wait_until
from workflow.access.role import Role
from workflow.clock import VirtualClock
from workflow.engine.due_timers import DUE_TIMERS
from workflow.outbox.due_effects import DUE_EFFECTS
from workflow.outbox.relay import Relay
from workflow.sandbox.rest import unrest
from workflow.scenarios.executor import Executor, executor_of
from workflow.scenarios.stage import SentNotice

_LONG = 3600.0


class MovingHouse:
    """A house with somebody who carries everything out, as far as its clock has come.

    Attributes:
        house: the door. sent: by whom notices go, which are kept.
    """

    def __init__(self, house: House, clock: VirtualClock) -> None:
        self.house = house
        self.clock = clock
        self.sent: Executor = executor_of(house.runtime)
        self._relay = Relay(house.runtime, self.sent)

    def settle(self) -> None:
        """Everything that follows at this instant."""
        wait_until(self._is_at_rest, seconds=60, what="everything that follows")

    def until(self, instant: datetime) -> None:
        """Let time pass; what is due happens at its own instant."""
        store = self.house.runtime.store
        self.settle()
        while (due := earlier(DUE_TIMERS.next_due(store), DUE_EFFECTS.next_due(store))) and due <= instant:
            self.clock.move_to(max(due, self.clock.now()))
            self.settle()
        self.clock.move_to(max(instant, self.clock.now()))

    def event(self, type_: str, subject: str, **data: Any) -> None:
        """Another system sends an event, and what follows of it happens."""
        event = {
            "specversion": "1.0", "id": f"{type_}/{subject}/{self.clock.now()}", "source": "/tests",
            "type": type_, "subject": subject, "data": data,
        }  # fmt: skip
        answer = self.house.post(event, Role.OPERATOR)
        assert answer.status_code == 202, answer.text
        self.settle()

    def told(self, to: str, about: str) -> SentNotice:
        """The newest notice to this address about this topic."""
        sent = [(one.address, one.about) for one in self.sent.notices()]
        assert (to, about) in sent, f"{to} was told nothing about {about}: {sent}"
        return next(one for one in reversed(self.sent.notices()) if (one.address, one.about) == (to, about))

    def link(self, to: str, about: str) -> str:
        """The path behind the signed link in it."""
        return urlsplit(next(iter(self.told(to, about).links.values()))).path

    def state(self, key: str) -> str:
        """Of a subject."""
        answer = self.house.get(f"/v1/subjects/{key}", Role.OPERATOR)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["state"])

    def only(self, lifecycle: str, parent: str) -> str:
        """Key of the newest subject of a lifecycle that came out of this one."""
        found = self.house.get("/v1/subjects", Role.OPERATOR, lifecycle=lifecycle, parent=parent).json()[
            "items"
        ]
        assert found, f"no {lifecycle} came out of {parent}"
        return str(max(found, key=lambda one: one["opened_at"])["key"])

    def _is_at_rest(self) -> bool:
        runtime = self.house.runtime
        moved = (
            runtime.engine.apply().decided + self._relay.run(_LONG).published + runtime.engine.fire().decided
        )
        if moved:
            return False
        with runtime.store.connect() as connection:
            return not unrest(connection, self.clock.now(), leave_tasks=True)


@contextmanager
def moving_house(folder: Path, begins: datetime, **settings: Any) -> Iterator[MovingHouse]:
    """One on SQLite, which decides by itself what its door takes."""
    clock = VirtualClock(begins)
    url = f"sqlite:///{folder / 'makegood.db'}"
    with (
        open_house(url, clock=clock, channel="recording", data_dir=folder, **settings) as house,
        deciding(house.runtime.engine),
    ):
        yield MovingHouse(house, clock)
