"""A world in which anything happens, fast: the whole catalog by `decide`, notices by the contact policy.

What the engine, the delivery and the sweep do between decisions is done here in memory, with their own
parts wherever these are pure: `decide`, `route`, the channel `live`. An event that a lifecycle cannot
decide is a dead letter, as it would be there. What was said to whom and when is kept, to be judged.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from state_machines.catalog import load_catalog
from state_machines.decide import apply_decision, decide
from state_machines.decision import Decision, EmitEvent, Event, Outcome, RunTask, SendNotice
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import StateMachineError
from state_machines.subject import INITIAL, Subject, is_key, split_key
from state_machines.values.instants import format_instant
from tasks.channels.live import LiveChannel
from tasks.channels.port import Notice, Rejected
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.recovery.contact.policy import Go, NoWay, Wait, route

START = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)
"""A Friday afternoon in Berlin, two days before the clocks go forward."""
_MOST_AT_ONCE = 20
"""How often one timer of one subject may fire at one instant; more is a loop."""
_MOST_TOGETHER = 600
"""Events that may follow from one; more are a loop."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message that reached a channel: over which, when, to whom as they were known then."""

    at: datetime
    channel: str
    to: Any
    notice: Notice


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision, with the subject before and after."""

    before: Subject
    event: Event
    decision: Decision
    after: Subject


@dataclass
class _Waiting:
    """A notice that has not gone yet."""

    notice: Notice
    since: datetime
    tries: int = 0


@dataclass
class StormyWorld:
    """Subjects, time, work that waits, and everything that was said and decided.

    Attributes:
        lifecycles: the catalog, or what a test has made of it.
        luck: decides how channels answer.
        dead: events and timers that could not be decided, with the reason.
        fresh: decisions since it was last emptied.
    """

    lifecycles: Mapping[str, Lifecycle] = field(default_factory=load_catalog)
    luck: Random = field(default_factory=lambda: Random(0))
    now: datetime = START
    subjects: dict[str, Subject] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    dead: list[tuple[str, Event, str]] = field(default_factory=list)
    fresh: list[Taken] = field(default_factory=list)
    tasks: list[tuple[str, RunTask]] = field(default_factory=list)
    decided: int = 0
    _queue: deque[tuple[str, Event]] = field(default_factory=deque)
    _waiting: list[_Waiting] = field(default_factory=list)
    _stuck: set[tuple[str, str]] = field(default_factory=set)
    _ids: int = 0

    def happens(self, key: str, trigger: str, data: Mapping[str, Any], source: str = "/outside") -> None:
        """An event through the front door, now, and all that follows from it at this instant."""
        self._queue.append((key, Event(trigger, self._id(), source, self.now, dict(data))))
        self._settle()

    def task_done(self, place: int, well: bool) -> None:
        """A worker has done one of the tasks that wait, or failed at it."""
        key, task = self.tasks.pop(place % len(self.tasks))
        trigger = task.succeeded if well else task.failed
        if trigger is not None:
            said = {"result": {}} if well else {"error": "it failed"}
            self.happens(key, trigger, {**said, "effect": self._id()}, "/makegood/tasks")

    def passes(self, time: timedelta) -> None:
        """Let time pass; each timer fires, and each notice goes, at its instant."""
        until, fired = self.now + time, Counter[tuple[datetime, str, str]]()
        while (due := self._next_timer()) is not None or self._waiting:
            sending = min((one.since for one in self._waiting), default=until + time)
            instant = min(due[0] if due else sending, sending)
            if instant > until:
                break
            self.now = max(self.now, instant)
            if due is not None and due[0] <= instant:
                fired[self.now, due[1], due[2]] += 1
                assert fired[self.now, due[1], due[2]] < _MOST_AT_ONCE, f"{due} fires for ever at {self.now}"
                self._fire(due[1], due[2])
            self._settle()
        self.now = until

    def _fire(self, key: str, name: str) -> None:
        timer = self.subjects[key].timers[name]
        trigger = self.lifecycles[split_key(key)[0]].timeouts[name].on_timeout
        event = Event(
            trigger,
            f"{key}/{name}/{timer.setting}",
            "/makegood/timers",
            self.now,
            timer=name,
            setting=timer.setting,
        )
        self._queue.append((key, event))

    def _next_timer(self) -> tuple[datetime, str, str] | None:
        return min(
            (
                (timer.due_at, key, name)
                for key, subject in self.subjects.items()
                for name, timer in subject.timers.items()
                if timer.due_at is not None and (key, name) not in self._stuck
            ),
            default=None,
        )

    def _settle(self) -> None:
        """Decide until nothing is left to decide, and send what may go."""
        for _ in range(_MOST_TOGETHER):
            if self._queue:
                self._decide(*self._queue.popleft())
            elif not self._send():
                return
        raise AssertionError(f"no end of events at {self.now}: {list(self._queue)[:3]}")

    def _decide(self, key: str, event: Event) -> None:
        lifecycle = self.lifecycles.get(split_key(key)[0])
        if lifecycle is None or event.trigger not in lifecycle.triggers:
            return
        before = self.subjects.get(key) or Subject(key, lifecycle.name, lifecycle.version)
        try:
            decision = decide(lifecycle, before, event, self.now)
            for effect in decision.effects:
                self._check(effect)
        except StateMachineError as error:
            self.dead.append((key, event, str(error)))
            if event.timer is not None:
                self._stuck.add((key, event.timer))
            return
        self.decided += 1
        after = apply_decision(before, event, decision, self.now)
        if after.state == INITIAL:
            return
        if before.opened_at is None and after.parent is not None:
            self.children.setdefault(after.parent, []).append(key)
        self.subjects[key] = after
        self.fresh.append(Taken(before, event, decision, after))
        for number, effect in enumerate(decision.effects):
            self._carry_out(after, effect, f"{key}/{after.seq}/{number}")

    def _check(self, effect: Any) -> None:
        """As the engine does: an event must have a possible receiver, or the decision is none."""
        if not isinstance(effect, EmitEvent) or effect.to in ("parent", "children", "self"):
            return
        lifecycle = self.lifecycles.get(split_key(effect.to)[0])
        if not is_key(effect.to) or lifecycle is None or effect.trigger not in lifecycle.triggers:
            raise StateMachineError(f"emit: {effect.trigger!r} to {effect.to!r}: no possible receiver")

    def _carry_out(self, sender: Subject, effect: Any, key: str) -> None:
        match effect:
            case RunTask():
                self.tasks.append((sender.key, effect))
            case SendNotice():
                self._waiting.append(_Waiting(_notice(sender, effect, key, self.now), self.now))
            case EmitEvent():
                parent = sender.key if effect.opens else None
                for number, target in enumerate(self._targets(sender, effect.to)):
                    event = Event(
                        effect.trigger, f"{key}/{number}", "/makegood", self.now, effect.data, parent
                    )
                    self._queue.append((target, event))

    def _targets(self, sender: Subject, to: str) -> list[str]:
        if to == "children":
            return list(self.children.get(sender.key, ()))
        if to == "parent":
            return [sender.parent] if sender.parent is not None else []
        return [sender.key if to == "self" else to]

    def _send(self) -> bool:
        """Send whatever may go now; whether anything went, or was given to a person."""
        due = [one for one in self._waiting if one.since <= self.now]
        for one in due:
            self._waiting.remove(one)
            self._deliver(one)
        return bool(due)

    def _deliver(self, one: _Waiting) -> None:
        to = self.as_known(one.notice.to)
        notice = one.notice
        found = route(notice.topic, notice.channel, to, self.now)
        if isinstance(found, Wait):
            one.since = found.until
            self._waiting.append(one)
        elif isinstance(found, NoWay):
            self._to_a_person(notice, "undelivered", found.reason)
        elif isinstance(found, Go):
            self._over(one, found.channels, to)

    def _over(self, one: _Waiting, channels: tuple[str, ...], to: Any) -> None:
        for channel in channels:
            notice = one.notice.over(channel)
            if channel == "live":
                if self._asks_for_a_call(notice, to):
                    return
                continue
            luck = self.luck.random()
            if luck < 0.08:
                continue  # this channel does not take it
            if luck < 0.14 and one.tries < 3:
                one.tries += 1
                one.since = self.now + timedelta(minutes=2**one.tries)
                self._waiting.append(one)
                return
            self.said.append(Said(self.now, channel, to, notice))
            if luck > 0.95:
                self._to_a_person(notice, "unknown_outcome", "the other side hung up")
            return
        self._to_a_person(one.notice, "undelivered", "no channel takes it")

    def _asks_for_a_call(self, notice: Notice, to: Any) -> bool:
        channel = LiveChannel(_Front(self), _Now(self), lambda subjects: None)  # type: ignore[arg-type]
        asked = Notice(
            notice.key, notice.subject, "live", to, notice.about, notice.title, notice.words,
            notice.context, notice.asked_at,
        )  # fmt: skip
        try:
            channel.send(asked, notice.key)
        except Rejected:
            return False
        return True

    def accept(self, event: CloudEvent) -> None:
        """An event of one of our own doors, such as the channel `live`."""
        trigger = event.type.partition(".")[2]
        inner = Event(trigger, event.id, event.source, event.time, event.data, event.parent)
        self._queue.append((event.subject, inner))

    def _to_a_person(self, notice: Notice, about: str, reason: str) -> None:
        """What the sweep does about a notice that nobody knows of, or that a customer never got."""
        if notice.about == "escalation" or (about == "undelivered" and notice.topic.colleagues):
            return
        data = {
            "about": about,
            "words": f"{reason}: {notice.words}",
            "effect": notice.key,
            "subject": notice.subject,
            "channel": notice.channel,
        }
        if not notice.topic.colleagues:
            data["customer"] = notice.to
        key = f"escalation:effect-{self._id()}"
        event = Event("open", self._id(), "/makegood/sweep", self.now, data, notice.subject)
        self._queue.append((key, event))

    def as_known(self, to: Any) -> Any:
        """A recipient as their customer's subject knows them now, where they have one."""
        key = to.get("key") if isinstance(to, Mapping) else None
        seen: set[Any] = set()
        while key in self.subjects and key not in seen and str(key).startswith("customer:"):
            seen.add(key)
            into = self.subjects[key].data.get("into")
            if not into:
                return {**to, **(self.subjects[key].data.get("customer") or {}), "key": key}
            key = into
        return to

    def _id(self) -> str:
        self._ids += 1
        return f"n{self._ids}"


def _notice(sender: Subject, effect: SendNotice, key: str, now: datetime) -> Notice:
    return Notice(
        key, sender.key, effect.channel, effect.to, effect.about, effect.title, effect.words,
        effect.context, now, effect.variants, effect.links, effect.topic,
    )  # fmt: skip


@dataclass(frozen=True)
class _Front:
    """The engine's front door, as the channel `live` asks for it."""

    world: StormyWorld

    def accept(self, events: list[CloudEvent]) -> list[Acceptance]:
        for event in events:
            self.world.accept(event)
        return [Acceptance(event.id, event.source, event.subject, "accepted", "pending") for event in events]


@dataclass(frozen=True)
class _Now:
    world: StormyWorld

    def now(self) -> datetime:
        return self.world.now


def in_(world: StormyWorld, minutes: int) -> str:
    """RFC 3339 text of an instant so many minutes away."""
    return format_instant(world.now + timedelta(minutes=minutes))


__all__ = ["Outcome", "Said", "StormyWorld", "Taken", "in_"]
