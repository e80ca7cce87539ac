"""What is wrong with a scenario beyond its form, before anything is played."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import TypeVar

from pydantic import BaseModel

from state_machines.errors import Problem
from state_machines.values.durations import DurationError, parse_duration
from state_machines.values.instants import format_instant, zone
from workflow.scenarios.building import Part
from workflow.scenarios.document import NeverTold, Step, SubjectExpectation, TimerExpectation
from workflow.scenarios.filling import Fillings, fillings_of, is_name, tried
from workflow.scenarios.knowledge import knowledge_of
from workflow.scenarios.known_names import KnownNames
from workflow.scenarios.remarks import Remarks
from workflow.scenarios.scenario import Placed, Scenario
from workflow.scenarios.step_fields import (
    check_act,
    check_invariant,
    check_nulls,
    check_then,
    expects_something,
)
from workflow.scenarios.times import RESERVED, TimeError, resolved

__all__ = ["problems_of"]

_Filled = TypeVar("_Filled", bound=BaseModel)
_NO_INSTANT = frozenset({"none", "paused"})
"""What may be said of a timer in place of an instant."""


def problems_of(scenario: Scenario, parts: Sequence[Part]) -> list[Problem]:
    """Everything that can be known without playing it; the whole of its time is gone through.

    Args:
        parts: the files that it was put together from.
    """
    remarks = Remarks()
    _check_given(scenario, parts, remarks)
    _check_whole(scenario, parts, remarks)
    names = KnownNames(knowledge_of(scenario.sources), scenario, remarks)
    for part in parts:
        for task in part.document.given.tasks:
            names.of_task(task, part.placed(f"given.tasks.{task}"))
    passage = _Passage(scenario, names, remarks)
    passage.through_known()
    passage.through_steps()
    passage.through_always()
    return remarks.problems


def _check_given(scenario: Scenario, parts: Sequence[Part], remarks: Remarks) -> None:
    for part in parts:
        place = part.placed("given")
        given = part.document.given
        for kind, said in (("people", given.people), ("values", given.values)):
            for name in said:
                if not is_name(name):
                    message = f"{name!r} cannot stand in angle brackets: letters, digits, '_' and '-'"
                    remarks.note(place, f"{kind}.{name}", "name-form", message)
        for name in given.people:
            if name in scenario.values:
                remarks.note(
                    place, f"people.{name}", "doubled-name", f"there is a person and a value {name!r}"
                )
            person = scenario.people[name]
            home = person.get("zone") if isinstance(person, dict) else None
            if home is not None:
                try:
                    zone(home)
                except TimeError as error:
                    remarks.note(place, f"people.{name}.zone", error.rule, error.message)


def _check_whole(scenario: Scenario, parts: Sequence[Part], remarks: Remarks) -> None:
    own = parts[-1]
    whole = own.placed("")
    names = {name: None for row in own.document.rows for name in row}
    for n, row in enumerate(own.document.rows):
        for name in names:
            if name not in row:
                remarks.note(
                    whole, f"rows[{n}]", "row-names", f"another row has {name!r}, and this one has not"
                )
            elif not is_name(name):
                message = f"{name!r} cannot stand in angle brackets: letters, digits, '_' and '-'"
                remarks.note(whole, f"rows[{n}].{name}", "name-form", message)
    if not own.document.steps:
        remarks.note(whole, "steps", "no-steps", "a scenario has at least one step")
    elif not scenario.always and not any(
        expects_something(one.step) or one.step.answer is not None for one in scenario.steps
    ):
        message = "no step says what must be so: say it in `then`, or in `always`"
        remarks.note(whole, "steps", "expects-nothing", message)


class _Passage:
    """Goes through the time of a scenario as the player will, and fills in everything at its instant."""

    def __init__(self, scenario: Scenario, names: KnownNames, remarks: Remarks) -> None:
        self._scenario = scenario
        self._names = names
        self._remarks = remarks
        self._fillings = fillings_of(scenario)

    def through_known(self) -> None:
        """What is known already, at the beginning."""
        for event, place in self._scenario.known:
            filled = self._filled(event, place, self._fillings)
            self._time(filled.time, place, "time")
            self._names.of_sent(filled, place)

    def through_steps(self) -> None:
        """Step by step."""
        marks: set[str] = set()
        for placed in self._scenario.steps:
            step, place = placed.step, placed.place
            check_act(step, place, self._remarks)
            check_then(step, place, self._remarks, rest=placed.rest)
            if step.mark in RESERVED:
                self._remarks.note(place, "mark", "reserved-mark", f"{step.mark!r} is a word of times")
            elif step.mark in marks:
                message = f"an earlier step has the mark {step.mark!r}"
                self._remarks.note(place, "mark", "doubled-mark", message)
            marks |= {step.mark} if step.mark else set()
            self._fillings = self._fillings.at(self._instant(step, place), step.mark)
            filled = self._filled(step.model_copy(update={"at": None}), place, self._fillings)
            check_nulls(filled.then, step.then, place, "then", self._remarks)
            self._times(filled, step, place)
            self._names.of_step(filled, step, place)

    def through_always(self) -> None:
        """What must be so all the time; looked at once, at the beginning."""
        fillings = fillings_of(self._scenario)
        for said, place in self._scenario.always:
            check_invariant(said, place, self._remarks)
            filled = self._filled(said, place, fillings)
            check_nulls(filled, said, place, "", self._remarks)
            self._timers(filled, place, "")
            if filled.never_told is not None:
                self._hours(filled.never_told, place)
            self._names.of_invariant(filled, place)

    def _filled(self, part: _Filled, place: Placed, fillings: Fillings) -> _Filled:
        filled, failures = tried(part, fillings)
        for failure in failures:
            self._remarks.note(place, failure.field, failure.rule, failure.message)
        found: _Filled = filled
        return found

    def _instant(self, step: Step, place: Placed) -> datetime:
        """When a step is taken, UTC; where that cannot be said, when the one before was."""
        before = self._fillings.moment.now
        if step.at is None:
            return before
        text, failures = tried(step.at, self._fillings)
        for failure in failures:
            self._remarks.note(place, "at", failure.rule, failure.message)
        at = None if failures else self._time(text, place, "at")
        if at is None:
            return before
        if at < before:
            here, there = format_instant(at), format_instant(before)
            message = f"{here} is before {there}, where the story has come to"
            self._remarks.note(place, "at", "time-order", message)
        return max(at, before)

    def _time(self, text: object, place: Placed, field: str) -> datetime | None:
        if text is None or (isinstance(text, str) and "<" in text):  # said already
            return None
        try:
            return resolved(str(text), self._fillings.moment)
        except TimeError as error:
            self._remarks.note(place, field, error.rule, error.message)
            return None

    def _times(self, filled: Step, written: Step, place: Placed) -> None:
        """All times in a step but its own."""
        self._time(filled.time, place, "time")
        pairs = zip(written.then.subjects, filled.then.subjects.values(), strict=False)
        for key, said in pairs:
            if isinstance(said, SubjectExpectation):
                self._timers(said, place, f"then.{key}.")
        for n, waiting in enumerate(filled.then.waiting or ()):
            self._time(waiting.until, place, f"then.waiting[{n}].until")
        for name, behaviour in (filled.channel or {}).items():
            length = behaviour.partition(" ")[2]
            try:
                parse_duration(length or "PT0S")
            except DurationError as error:
                self._remarks.note(place, f"channel.{name}", error.rule, error.message)

    def _timers(self, said: SubjectExpectation, place: Placed, path: str) -> None:
        for name, timer in (said.timers or {}).items():
            at = timer.at if isinstance(timer, TimerExpectation) else timer
            if at not in _NO_INSTANT:
                inner = ".at" if isinstance(timer, TimerExpectation) else ""
                self._time(at, place, f"{path}timers.{name}{inner}")

    def _hours(self, never: NeverTold, place: Placed) -> None:
        for n, hour in enumerate(never.between or ()):
            try:
                time.fromisoformat(hour if len(hour) == 5 else "")
            except ValueError:
                message = f"{hour!r} is no hour of a day, such as '21:00'"
                self._remarks.note(place, f"never_told.between[{n}]", "hour", message)
