"""Whether everything that a scenario names is there: lifecycles, triggers, states, timers, data, people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from workflow.recovery.contact.addresses import address
from workflow.scenarios.conditions import fault_of
from workflow.scenarios.document import Invariant, NoticeChoice, Sent, Step, SubjectExpectation, Then
from workflow.scenarios.knowledge import Knowledge, data_fields, hint
from workflow.scenarios.matching import texts_within
from workflow.scenarios.remarks import Remarks
from workflow.scenarios.scenario import Placed, Scenario

__all__ = ["KnownNames"]

_NOBODY = "none"
"""The state of a subject that is not there."""
_ADDRESSED = frozenset({"email", "sms", "live", "dial"})
"""Channels of which an address can be told from a name."""
_WRITTEN = frozenset({"email", "sms", "chat", "social"})
"""Channels that go to an address of theirs and nowhere else."""
_DESK = {
    "outcome": ("callback", "escalation"),
    "decision": ("approval",),
    "claim": ("callback", "escalation"),
}


class KnownNames:
    """Looks at parts of one scenario in which everything is filled in; what could not be is left alone."""

    def __init__(self, knowledge: Knowledge, scenario: Scenario, remarks: Remarks) -> None:
        self._known = knowledge
        self._people = scenario.people
        self._remarks = remarks
        sent: list[Sent] = [one.step for one in scenario.steps]
        sent += [one for one, _ in scenario.known]
        self._task_names = frozenset(texts_within([scenario.values, *(one.data for one in sent)]))
        """Texts that an event brings: a lifecycle may call a task by a name that it was given."""

    def of_sent(self, sent: Sent, place: Placed, *, refused: bool = False) -> None:
        """An event; one that is expected to be refused may name what there is not."""
        if sent.send is None or refused:
            return
        name, _, trigger = sent.send.partition(".")
        lifecycle = self._lifecycle(name, place, "send")
        if lifecycle is not None and trigger not in lifecycle.triggers:
            message = f"{name!r} has no trigger {trigger!r}{hint(trigger, lifecycle.triggers)}"
            self._remarks.note(place, "send", "unknown-trigger", message)
        elif lifecycle is not None and not any("<" in one for one in texts_within(sent.data)):
            for one in lifecycle.data_rules[trigger].problems_of_new(sent.data):
                path = one.field if one.field.startswith("data") else f"data.{one.field}"
                self._remarks.note(place, path, one.rule, one.message)
        if sent.to is not None and "<" not in sent.to:
            of = self._key(sent.to, place, "to")
            if of is not None and lifecycle is not None and of.name != name:
                message = f"{sent.send} is for a {name}, and {sent.to} is none"
                self._remarks.note(place, "to", "other-lifecycle", message)
        self._key(sent.parent, place, "parent")

    def of_step(self, step: Step, written: Step, place: Placed) -> None:
        """A step: what it does, and what must be so."""
        self.of_sent(step, place, refused=not isinstance(step.answer, str | None))
        for field in ("press", "look", "report"):
            choice: NoticeChoice | None = getattr(step, field)
            if choice is not None:
                self._notice(choice.to, choice.about, choice.channel, place, field)
        self._key(step.of, place, "of")
        if step.by is not None:
            self._person(step.by, place, "by")
        if step.task is not None:
            self._task(step.task, place, "task")
        for name in step.channel or {}:
            self._channel(name, place, f"channel.{name}")
        self._desk(step, place)
        self._of_then(step.then, written.then, place)

    def of_task(self, name: str, place: Placed) -> None:
        """A task of another program, at `place`, of which it is said how it ends."""
        self._task(name, place, "")

    def of_invariant(self, said: Invariant, place: Placed) -> None:
        """What must be so all the time."""
        if said.each is not None:
            lifecycle = self._lifecycle(said.each, place, "each")
            self._conditions(said.holds, lifecycle, place, "holds")
        elif said.subject is not None:
            lifecycle = self._key(said.subject, place, "subject")
            if lifecycle is not None:
                self._subject(said, said, lifecycle, place, "")
        elif said.never_told is not None:
            never = said.never_told
            self._notice(never.to, never.about, never.channel, place, "never_told")

    def _desk(self, step: Step, place: Placed) -> None:
        if step.desk is None:
            return
        word, _, trigger = step.desk.partition(".")
        wanted = _DESK.get(word, ("case",))
        if step.of is not None and "<" not in step.of and ":" in step.of:
            of = step.of.partition(":")[0]
            if of not in wanted and of in self._known.lifecycles:
                message = f"{step.desk} at the desk is about: {', '.join(wanted)}; {step.of} is none"
                self._remarks.note(place, "of", "other-lifecycle", message)
        case = self._known.lifecycles.get("case")
        if trigger and case is not None and trigger not in case.triggers:
            message = f"'case' has no trigger {trigger!r}{hint(trigger, case.triggers)}"
            self._remarks.note(place, "desk", "unknown-trigger", message)

    def _of_then(self, then: Then, written: Then, place: Placed) -> None:
        for path, (key, said) in zip(written.subjects, then.subjects.items(), strict=False):
            lifecycle = self._key(key, place, f"then.{path}")
            if lifecycle is not None:
                expected = SubjectExpectation(state=said) if isinstance(said, str) else said
                self._subject(expected, said, lifecycle, place, f"then.{path}")
        for n, one in enumerate(then.told):
            field = f"then.told[{n}]"
            self._notice(one.to, one.about, one.channel, place, field)
            self._key(one.subject, place, f"{field}.subject")
        for n, waits in enumerate(then.waiting or ()):
            self._notice(waits.to, waits.about, None, place, f"then.waiting[{n}]")
        for n, refusal in enumerate(then.refused):
            lifecycle = self._key(refusal.subject, place, f"then.refused[{n}].subject")
            if lifecycle is not None and _is_plain(refusal.trigger):
                self._trigger(refusal.trigger, lifecycle, place, f"then.refused[{n}].trigger")
        for n, call in enumerate(then.tasks):
            self._task(call.task, place, f"then.tasks[{n}].task")
            self._key(call.of, place, f"then.tasks[{n}].of")
        for n, dead in enumerate(then.dead):
            self._key(dead.subject, place, f"then.dead[{n}].subject")
        for n, key in enumerate(then.line or ()):
            self._key(key, place, f"then.line[{n}]")
        for path, (name, states) in zip(written.all, then.all.items(), strict=False):
            lifecycle = self._lifecycle(name, place, f"then.all.{path}")
            for state, found in states.items() if lifecycle is not None else ():
                assert lifecycle is not None
                self._state(state, lifecycle, place, f"then.all.{path}.{state}")
                for n, key in enumerate(found if isinstance(found, list) else ()):
                    self._key(key, place, f"then.all.{path}.{state}[{n}]")

    def _subject(
        self, expected: SubjectExpectation, said: object, lifecycle: Lifecycle, place: Placed, path: str
    ) -> None:
        def at(field: str) -> str:
            return f"{path}.{field}".strip(".")

        if expected.state is not None and expected.state != _NOBODY:
            field = path if isinstance(said, str) else at("state")
            self._state(expected.state, lifecycle, place, field)
        fields = data_fields(lifecycle)
        for name in expected.data or {}:
            if fields is not None and name not in fields and _is_plain(name):
                message = f"the data of a {lifecycle.name} have no field {name!r}{hint(name, fields)}"
                self._remarks.note(place, at(f"data.{name}"), "unknown-data", message)
        for name in expected.timers or {}:
            if name not in lifecycle.timeouts and _is_plain(name):
                message = f"{lifecycle.name!r} has no timeout {name!r}{hint(name, lifecycle.timeouts)}"
                self._remarks.note(place, at(f"timers.{name}"), "unknown-timer", message)
        self._key(expected.parent, place, at("parent"))
        self._conditions(expected.holds, lifecycle, place, at("holds"))

    def _conditions(
        self, said: str | list[str] | None, lifecycle: Lifecycle | None, place: Placed, field: str
    ) -> None:
        if lifecycle is None or said is None:
            return
        texts = [said] if isinstance(said, str) else said
        for n, text in enumerate(texts):
            fault = fault_of(text, lifecycle)
            if fault is not None:
                self._remarks.note(place, field if isinstance(said, str) else f"{field}[{n}]", *fault)

    def _state(self, state: str, lifecycle: Lifecycle, place: Placed, field: str) -> None:
        if _is_plain(state) and state not in lifecycle.states:
            message = f"{lifecycle.name!r} has no state {state!r}{hint(str(state), lifecycle.states)}"
            self._remarks.note(place, field, "unknown-state", message)

    def _trigger(self, trigger: str, lifecycle: Lifecycle, place: Placed, field: str) -> None:
        if trigger not in lifecycle.triggers:
            message = f"{lifecycle.name!r} has no trigger {trigger!r}{hint(trigger, lifecycle.triggers)}"
            self._remarks.note(place, field, "unknown-trigger", message)

    def _lifecycle(self, name: str, place: Placed, field: str) -> Lifecycle | None:
        found = self._known.lifecycles.get(name)
        if found is None and _is_plain(name):
            message = f"there is no lifecycle {name!r}{hint(name, self._known.lifecycles)}"
            self._remarks.note(place, field, "unknown-lifecycle", message)
        return found

    def _key(self, key: str | None, place: Placed, field: str) -> Lifecycle | None:
        """The lifecycle of whom a key names."""
        if key is None or not _is_plain(key):
            return None
        name, colon, identity = key.partition(":")
        if not colon or not identity or "*" in name:
            message = f"{key!r} is no key of a subject, such as 'promise:P-17'"
            self._remarks.note(place, field, "key-form", message)
            return None
        return self._lifecycle(name, place, field)

    def _notice(self, to: Any, about: str | None, channel: str | None, place: Placed, field: str) -> None:
        if to is not None and channel in (None, *_ADDRESSED):
            self._person(to, place, f"{field}.to")
        if about is not None and about not in self._known.topics and _is_plain(about):
            message = f"no notice can be about {about!r}{hint(about, self._known.topics)}"
            self._remarks.note(place, f"{field}.about", "unknown-topic", message)
        if channel is not None:
            self._channel(channel, place, f"{field}.channel")
            self._reachable(to, channel, place, f"{field}.to")

    def _person(self, who: Any, place: Placed, field: str) -> None:
        if not isinstance(who, str) or who in self._people or _is_address(who) or not _is_plain(who):
            return
        message = f"{who!r} is nobody in `people`, and no address{hint(who, self._people)}"
        self._remarks.note(place, field, "unknown-person", message)

    def _reachable(self, who: Any, channel: str, place: Placed, field: str) -> None:
        """Somebody of whom more is said than an address has one for the channel over which they are told."""
        person = self._people.get(who) if isinstance(who, str) else who
        if channel in _WRITTEN and isinstance(person, Mapping) and not address(person, channel).strip():
            name = who if isinstance(who, str) else str(person.get("name", "somebody"))
            message = f"nothing goes to {name!r} over {channel}: of them there is {', '.join(sorted(person))}"
            self._remarks.note(place, field, "no-address", message)

    def _channel(self, name: str, place: Placed, field: str) -> None:
        if name not in self._known.channels and _is_plain(name):
            message = f"there is no channel {name!r}{hint(name, self._known.channels)}"
            self._remarks.note(place, field, "unknown-channel", message)

    def _task(self, name: str, place: Placed, field: str) -> None:
        if name not in self._known.tasks and name not in self._task_names and _is_plain(name):
            message = f"no definition calls a task {name!r}{hint(name, self._known.tasks)}"
            self._remarks.note(place, field, "unknown-task", message)


def _is_plain(text: Any) -> bool:
    """Whether it is a text in which nothing was left that could not be filled in."""
    return isinstance(text, str) and "<" not in text


def _is_address(text: str) -> bool:
    return "@" in text or text.startswith("+") or "://" in text
