"""A world small enough to tell a story in: subjects in memory, a virtual now, and `decide` alone.

It does what the engine promises to do: an event is decided at its instant, a timer at its own, what
a decision emits follows at once, and a notice over `live` asks for a callback that is a child of its
sender. Refused events are kept apart, so that a test can insist on there being none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from state_machines.catalog import load_catalog
from state_machines.decide import apply_decision, decide
from state_machines.decision import Decision, EmitEvent, Event, Outcome, RecallNotice, RunTask, SendNotice
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.subject import Subject, split_key
from state_machines.values.durations import parse_duration

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
"""A Wednesday, 14:00 in Berlin."""


@dataclass(frozen=True)
class Told:
    """A notice, when and by whom it was sent."""

    at: datetime
    sender: str
    notice: SendNotice


@dataclass
class World:
    """Subjects, the instant, and everything that was asked for."""

    now: datetime = START
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=load_catalog)
    subjects: dict[str, Subject] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    tasks: list[RunTask] = field(default_factory=list)
    refused: list[tuple[str, Decision]] = field(default_factory=list)
    moves: list[tuple[str, str, str, str]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def send(self, key: str, trigger: str, **data: Any) -> Decision:
        """An event from outside, now."""
        return self._decide(key, Event(trigger, f"e{next(self._numbers)}", "/test", self.now, data))

    def wait(self, duration: str) -> None:
        """Let time pass; what falls due fires at its instant, in order."""
        self.until(self.now + parse_duration(duration))

    def until(self, instant: datetime) -> None:
        """Let time pass up to and including an instant."""
        while (due := self._next()) is not None and due[0] <= instant:
            due_at, key, name = due
            self.now = max(self.now, due_at)  # one that was past when it was set fires at once
            timer = self.subjects[key].timers[name]
            rule = self.lifecycles[split_key(key)[0]].timeouts[name]
            event = Event(
                rule.on_timeout, f"{key}/{name}/{timer.setting}", "/makegood/timers", self.now,
                timer=name, setting=timer.setting,
            )  # fmt: skip
            self._decide(key, event)
        self.now = instant

    def state(self, key: str) -> str:
        """Where a subject is."""
        return self.subjects[key].state

    def data(self, key: str) -> dict[str, Any]:
        """What a subject knows."""
        return dict(self.subjects[key].data)

    def children(self, key: str, lifecycle: str) -> list[str]:
        """Keys of the subjects of one lifecycle that belong to another one, oldest first."""
        return [
            child.key
            for child in self.subjects.values()
            if child.parent == key and child.lifecycle == lifecycle
        ]

    def notices(self, about: str) -> list[Told]:
        """Those about one thing, in order."""
        return [told for told in self.told if told.notice.about == about]

    def _next(self) -> tuple[datetime, str, str] | None:
        due = [
            (timer.due_at, subject.key, timer.name)
            for subject in self.subjects.values()
            for timer in subject.timers.values()
            if timer.due_at is not None
        ]
        return min(due, default=None)

    def _decide(self, key: str, event: Event) -> Decision:
        lifecycle = self.lifecycles[split_key(key)[0]]
        subject = self.subjects.get(key) or Subject(key, lifecycle.name, lifecycle.version)
        decision = decide(lifecycle, subject, event, self.now)
        if decision.outcome is Outcome.REFUSED:
            self.refused.append((key, decision))
            if subject.opened_at is None:
                return decision
        self.subjects[key] = apply_decision(subject, event, decision, self.now)
        if decision.outcome is Outcome.MOVED:
            self.moves.append((key, decision.trigger, decision.source, decision.dest))
        for effect in decision.effects:
            self._carry_out(self.subjects[key], effect)
        return decision

    def _carry_out(self, sender: Subject, effect: Any) -> None:
        match effect:
            case RunTask():
                self.tasks.append(effect)
            case SendNotice():
                self.told.append(Told(self.now, sender.key, effect))
                if effect.channel == "live":
                    self._ask_for_a_call(sender, effect)
            case RecallNotice():
                pass  # what is told here has gone out
            case EmitEvent():
                parent = sender.key if effect.opens else None
                for key in self._receivers(sender, effect.to):
                    if effect.to in ("parent", "children") and not self._meant(key, effect.trigger):
                        continue
                    identity = f"{sender.key}/{sender.seq}/{next(self._numbers)}"
                    event = Event(effect.trigger, identity, "/makegood", self.now, effect.data, parent=parent)
                    self._decide(key, event)

    def _receivers(self, sender: Subject, to: str) -> list[str]:
        if to == "children":
            return [key for key, subject in self.subjects.items() if subject.parent == sender.key]
        return [key for key in [{"parent": sender.parent, "self": sender.key}.get(to, to)] if key is not None]

    def _meant(self, key: str, trigger: str) -> bool:
        """Relatives of several lifecycles are sent a word; those that do not know it are not meant."""
        lifecycle = self.lifecycles.get(split_key(key)[0])
        return lifecycle is not None and trigger in lifecycle.triggers

    def _ask_for_a_call(self, sender: Subject, notice: SendNotice) -> None:
        data = {
            "customer": notice.to, "about": notice.about, "title": notice.title, "words": notice.words,
            "context": notice.context, **notice.context.get("call", {}),
        }  # fmt: skip
        number = next(self._numbers)
        event = Event("request", f"live-{number}", "/makegood", self.now, data, parent=sender.key)
        self._decide(f"callback:{number}", event)


def in_(duration: str) -> str:
    """RFC 3339 text of the instant so long after the start of the story."""
    return text_of(START + parse_duration(duration))


def text_of(instant: datetime) -> str:
    """RFC 3339 text of an instant, in UTC."""
    return re.sub(r"\+00:00$", "Z", instant.astimezone(UTC).isoformat())


def minutes(told: list[Told]) -> list[int]:
    """When notices were sent, in minutes from the start of the story."""
    return [int((one.at - START) / timedelta(minutes=1)) for one in told]
