"""What an explanation says, as values and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Status = Literal["pending", "paused", "fired", "cancelled"]


@dataclass(frozen=True, slots=True)
class TimerTold:
    """One timer of a subject and how its deadline came about.

    Attributes:
        name: its timeout.
        gives: the trigger that it gives.
        runs_in, paused_in: the states in which it runs, and those of them in which it stands still.
        status: pending, paused, fired or cancelled; one that ticks stays pending.
        due_at: when it fires, or fired, or would have, UTC; None while it is paused.
        steps: what became of it, the oldest first: which decision set, paused, moved or cancelled it.
        reckoning: from its last setting to its deadline, one sentence a line.
    """

    name: str
    gives: str
    runs_in: list[str]
    paused_in: list[str]
    status: Status
    due_at: datetime | None
    steps: list[str]
    reckoning: list[str]

    def lines(self) -> Iterator[str]:
        """As text."""
        pauses = f", paused in {', '.join(self.paused_in)}" if self.paused_in else ""
        yield f"{self.name}: {self.status}; gives {self.gives}; runs in {', '.join(self.runs_in)}{pauses}."
        yield from (f"  {line}" for line in self.steps)
        yield "  How it is reckoned:"
        yield from (f"    {line}" for line in self.reckoning)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A subject, and its timers: those that run first, then those that are over.

    Attributes:
        zone: the IANA name of the zone in which its times are told; None: each in that of its calendar,
            or in UTC.
    """

    key: str
    lifecycle: str
    version: int
    state: str
    zone: str | None
    timers: list[TimerTold]

    def text(self) -> str:
        """All of it, to be read."""
        lines = [f"{self.key} ({self.lifecycle}, version {self.version}) is {self.state}."]
        if self.zone is not None:
            lines.append(f"Times are those of {self.zone}.")
        if not self.timers:
            lines.append("It has had no timer.")
        for timer in self.timers:
            lines += ["", *timer.lines()]
        return "\n".join(lines)
