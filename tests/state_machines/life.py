"""One subject lived through from event to event on a virtual clock, without a store."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from state_machines.decide import apply_decision, decide
from state_machines.decision import Decision, Event, Outcome
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.subject import Subject, Timer

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
"""A Wednesday."""


class Life:
    """A subject, its lifecycle and the time, which only moves when told to."""

    def __init__(self, definition: str | Lifecycle, *, key: str | None = None, now: datetime = NOON) -> None:
        self.lifecycle = load(definition) if isinstance(definition, str) else definition
        self.now = now
        self.subject = Subject(key or f"{self.lifecycle.name}:1", self.lifecycle.name, self.lifecycle.version)
        self.decisions: list[Decision] = []
        self._ids = itertools.count(1)

    @property
    def state(self) -> str:
        return self.subject.state

    @property
    def data(self) -> Mapping[str, Any]:
        return self.subject.data

    def timer(self, name: str) -> Timer:
        return self.subject.timers[name]

    def happens(self, trigger: str, *, parent: str | None = None, **data: Any) -> Decision:
        """An event from outside, now."""
        identity = f"e-{next(self._ids)}"
        return self.meets(Event(trigger, identity, "/tests", self.now, data, parent))

    def fires(self, name: str, setting: int | None = None) -> Decision:
        """A timer fires now, whether or not it is due."""
        held = self.subject.timers.get(name)
        number = setting if setting is not None else held.setting if held else 1
        rule = self.lifecycle.timeouts[name]
        event = Event(
            rule.on_timeout,
            f"t-{next(self._ids)}",
            "/makegood/timers",
            self.now,
            timer=name,
            setting=number,
        )
        return self.meets(event)

    def meets(self, event: Event) -> Decision:
        """Decide about an event now, and live on with the answer."""
        decision = decide(self.lifecycle, self.subject, event, self.now)
        self.subject = apply_decision(self.subject, event, decision, self.now)
        self.decisions.append(decision)
        return decision

    def passes(self, hours: float = 0, **more: float) -> list[str]:
        """Time passes; what falls due on the way fires at its own instant. Returns what fired."""
        until = self.now + timedelta(hours=hours, **more)
        fired = []
        while due := sorted(
            (timer.due_at, name)
            for name, timer in self.subject.timers.items()
            if timer.due_at is not None and timer.due_at <= until
        ):
            instant, name = due[0]
            self.now = max(self.now, instant)
            self.fires(name)
            fired.append(name)
        self.now = until
        return fired


def taken(decision: Decision) -> Decision:
    """The decision, if it was not refused."""
    assert decision.outcome is not Outcome.REFUSED, decision.reason
    return decision
