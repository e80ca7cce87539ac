"""Which subjects wait for a person to take them on, and whose turn it is: the product says so, by lifecycle.

The place of one is kept in the table `line`, written with the decision that gives it or takes it away.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from state_machines.subject import Subject

Place = Callable[[Subject], datetime | None]
"""By which instant (UTC) a subject is served; None while it does not stand in the line."""


class WaitingLine:
    """What is registered once a process, as the words of the product are; until then nobody waits."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def register(self, lifecycle: str, place: Place) -> None:
        """Say where the subjects of a lifecycle stand. A second time replaces the first."""
        self._places[lifecycle] = place

    def of(self, lifecycle: str) -> Place | None:
        """Where subjects of it stand; None for a lifecycle that never waits for a person."""
        return self._places.get(lifecycle)


WAITING_LINE = WaitingLine()
"""The line of this process's installation."""
