"""What must be so of one subject."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from state_machines.decision import Event
from state_machines.errors import StateMachineError
from state_machines.expressions.view import View
from state_machines.subject import Subject
from state_machines.values.instants import format_instant
from workflow.scenarios.conditions import condition
from workflow.scenarios.document import SubjectExpectation, TimerExpectation
from workflow.scenarios.matching import fits, part_of, texts
from workflow.scenarios.meaning import Meaning
from workflow.scenarios.stage import SeenSubject

NONE = "none"
"""There is no such subject, or no such timer."""
PAUSED = "paused"
_EXPLAINED = "what explain says"


class Deviation(NamedTuple):
    """One thing of a subject that is not as it must be; `field` is the rest of its path."""

    field: str
    what: str
    expected: Any
    found: Any
    more: tuple[str, ...] = ()


class SubjectCheck:
    """Holds expectations against subjects.

    Args:
        meaning: of their texts.
    """

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning

    def differences(self, pattern: str, said: str | SubjectExpectation) -> list[Deviation]:
        """Everything of the subject that is not as it must be. Raises StepImpossible for an ambiguous key."""
        expected = SubjectExpectation(state=said) if isinstance(said, str) else said
        state = self._meaning.text(expected.state)
        key = self._meaning.key(pattern, f"then.{pattern}")
        subject = None if key is None else self._meaning.stage.subject(key)
        if subject is None:
            return (
                []
                if state == NONE
                else [Deviation("", f"the subject {key or pattern}", "is there", "is not there")]
            )
        if state == NONE:
            return [Deviation("", f"the subject {subject.key}", "is not there", subject.state)]
        found = list(self._of(subject, expected, state))
        if found and subject.timers and not any(one.what.endswith(_EXPLAINED) for one in found):
            explained = tuple(self._meaning.stage.explained(subject.key).splitlines())
            found[-1] = found[-1]._replace(more=(*found[-1].more, *explained))
        return found

    def expression(self, subject: SeenSubject, text: str) -> Iterator[Deviation]:
        """Nothing if an expression is true of the subject; else that it is not."""
        now = self._meaning.stage.now()
        known = Subject(
            subject.key, subject.lifecycle, subject.version, subject.state, subject.seq, subject.data,
            subject.parent, subject.opened_at,
        )  # fmt: skip
        view = View(known, Event("", "", "", now), {}, subject.data, now)
        said = "is not so"
        try:
            if condition(text, self._meaning.lifecycles[subject.lifecycle]).holds(view):
                return
        except StateMachineError as error:
            said = str(error)
        yield Deviation(".holds", f"{subject.key}: {text}", "is so", said)

    def _of(self, subject: SeenSubject, expected: SubjectExpectation, state: Any) -> Iterator[Deviation]:
        key = subject.key
        if state is not None and subject.state != state:
            yield Deviation("", f"{key}: state", state, subject.state)
        parent = self._meaning.text(expected.parent)
        right = (
            subject.parent is None if parent is None else self._meaning.is_key(subject.parent or "", parent)
        )
        if "parent" in expected.model_fields_set and not right:
            yield Deviation(".parent", f"{key}: parent", parent, subject.parent)
        data = self._meaning.fill(expected.data)
        if data is not None and not fits(data, subject.data):
            yield Deviation(".data", f"{key}: data", data, part_of(data, subject.data))
        for name, timer in (expected.timers or {}).items():
            yield from self._timer(subject, name, timer)
        explained = None
        for wanted in self._meaning.texts(expected.explain):
            explained = explained or self._meaning.stage.explained(key)
            if wanted not in explained:
                yield Deviation(".explain", f"{key}: {_EXPLAINED}", wanted, explained)
        for expression in texts(expected.holds):
            yield from self.expression(subject, expression)

    def _timer(self, subject: SeenSubject, name: str, said: str | TimerExpectation) -> Iterator[Deviation]:
        wanted = TimerExpectation(at=said) if isinstance(said, str) else said
        there = name in subject.timers
        due = subject.timers.get(name)
        found = NONE if not there else PAUSED if due is None else format_instant(due)
        field, what = f".timers.{name}", f"{subject.key}: timer {name}"
        time = self._meaning.text(wanted.at)
        if time in (NONE, PAUSED):
            if found != time:
                yield Deviation(field, what, time, found)
        elif time is not None:
            at = self._meaning.instant(time)
            if due != at:
                yield Deviation(field, what, format_instant(at), found)
        for text in self._meaning.texts(wanted.why):
            why = _about_timer(name, self._meaning.stage.explained(subject.key))
            if text not in why:
                yield Deviation(f"{field}.why", f"{what}: {_EXPLAINED}", text, why)


def _about_timer(name: str, explained: str) -> str:
    """Of what explain says of a subject the part about one timer: the words of others are not its own."""
    return "\n\n".join(one for one in explained.split("\n\n") if one.startswith(f"{name}: "))
