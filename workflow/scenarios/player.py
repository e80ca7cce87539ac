"""Plays a scenario on a stage: time, act, and what must be so, step by step, until something is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from state_machines.values.time_errors import TimeError
from workflow.errors import MakegoodError
from workflow.scenarios.acts import Acts
from workflow.scenarios.document import Step, TaskEnding, Then
from workflow.scenarios.errors import FillingError, NoRest, StepImpossible
from workflow.scenarios.expectations import Expectations
from workflow.scenarios.filling import fillings_of, in_words
from workflow.scenarios.invariants import Invariants
from workflow.scenarios.knowledge import knowledge_of
from workflow.scenarios.matching import part_of
from workflow.scenarios.meaning import Meaning
from workflow.scenarios.news import News, NewsReader
from workflow.scenarios.outcome import Difference, Outcome, StoryEntry
from workflow.scenarios.page_words import page_words
from workflow.scenarios.scenario import Placed, PlacedStep, Scenario
from workflow.scenarios.stage import Answer, Stage
from workflow.scenarios.story import entries_of

_OFTEN = 100
"""So often tasks are answered at one instant, after which it is taken that there is no end of it."""


def _nobody(entry: StoryEntry) -> None:
    """Hears it, and does nothing."""


class Player:
    """Plays one scenario on one stage.

    Args:
        told: hears what happens, as soon as it has.
    """

    def __init__(
        self, scenario: Scenario, stage: Stage, told: Callable[[StoryEntry], None] = _nobody
    ) -> None:
        self._scenario = scenario
        self._stage = stage
        self._told = told
        self._news = NewsReader(stage)
        self._unseen = News([], [], [], [])
        self._outcome = Outcome(scenario)
        self._fillings = fillings_of(scenario)
        self._lifecycles = knowledge_of(scenario.sources).lifecycles
        self._invariants = Invariants(scenario.always)

    def play(self) -> Outcome:
        """How it went. Raises nothing that a scenario can bring about."""
        outcome = self._outcome
        try:
            self._begin()
            for number, placed in enumerate(self._scenario.steps):
                outcome.step = number
                self._take(number, placed)
                if outcome.differences:
                    return outcome
            outcome.step = None
        except _Ended:
            pass
        return outcome

    def _begin(self) -> None:
        for number, (event, place) in enumerate(self._scenario.known):
            meaning = self._meaning()
            try:
                answer = Acts(meaning, f"known-{number}").send(event, event.speaks_as)
            except (FillingError, TimeError, StepImpossible) as error:
                self._stop(place, "", str(error), None, None)
            if answer.status >= 300:
                self._stop(place, "", f"{event.send} {event.to} was not accepted", "accepted", _shown(answer))
            self._become_known(place)
        self._unseen = News([], [], [], [])
        self._invariants.begin(self._meaning())

    def _become_known(self, place: Placed) -> None:
        """What follows of an event of what is known already; one that is refused has made nothing known."""
        try:
            self._stage.settle()
            self._answer_tasks()
        except MakegoodError as error:
            self._stop(place, "", str(error), None, None)
        heard = len(self._unseen.refused), len(self._unseen.dead)
        self._hear()
        for move in self._unseen.refused[heard[0] :]:
            self._stop(place, "", f"{move.subject} refused {move.trigger}", "is known", move.reason)
        for dead in self._unseen.dead[heard[1] :]:
            self._stop(place, "", f"what failed of {dead.subject}", "is known", dead.reason)

    def _take(self, number: int, placed: PlacedStep) -> None:
        step, place = placed.step, placed.place
        try:
            at = self._stage.now() if step.at is None else self._meaning().instant(step.at)
            if at < self._stage.now():
                here = _local(self._stage.now(), self._scenario)
                message = f"{_local(at, self._scenario)} is before {here}, where the step before stands"
                self._stop(place, "at", message, None, step.at)
            self._pass(at, place)
            self._hear()
            self._fillings = self._fillings.at(at, step.mark)
            if step.say or step.act:
                said = in_words(step.say, self._fillings) if step.say else _told(step)
                self._tell(StoryEntry(at, "person", said))
            self._act(number, placed)
            self._check(step.then, placed, last=number == len(self._scenario.steps) - 1)
        except (FillingError, TimeError) as error:
            self._stop(place, getattr(error, "field", ""), error.message, None, None)
        except StepImpossible as error:
            self._stop(place, error.field, error.message, None, error.found)
        except MakegoodError as error:
            self._stop(place, "", str(error), None, None)

    def _pass(self, at: datetime, place: Placed) -> None:
        """Let time pass, and look whenever something has happened."""

        def looked() -> None:
            self._answer_tasks()
            self._watch(place)

        self._stage.until(at, looked if self._scenario.always or self._scenario.tasks else None)

    def _act(self, number: int, placed: PlacedStep) -> None:
        step = placed.step
        answer, right = Acts(self._meaning(), f"step-{number + 1}").do(step)
        self._happen(placed.place)
        if not right:
            assert answer is not None
            expected = self._meaning().fill(step.answer)
            if expected is None:
                expected = "accepted" if step.send else {"status": 202 if step.report else 200}
            body = page_words(answer.body) if isinstance(answer.body, str) else answer.body
            found: Any = {"status": answer.status, "body": body}
            if isinstance(expected, dict | list) and answer.status < 300:
                found = part_of(expected, answer.body)
            self._differ(placed.place, "answer", f"the answer to {_told(step)}", expected, found)

    def _happen(self, place: Placed) -> None:
        """Everything that follows at this instant."""
        self._stage.settle()
        self._answer_tasks()
        self._watch(place)

    def _answer_tasks(self) -> None:
        """Tasks of other programs end as the scenario says that they do."""
        endings = self._scenario.tasks
        if not endings:
            return
        for _ in range(_OFTEN):
            waiting = [one for one in self._stage.unanswered() if one.task in endings]
            if not waiting:
                return
            for call in waiting:
                ending: TaskEnding = endings[call.task]
                said = self._meaning().fill(ending.succeeds if ending.fails is None else ending.fails)
                self._stage.end_task(call, ending.fails is None, said)
            self._stage.settle()
        raise NoRest(f"tasks that end at once are called again without end at {self._stage.now()}")

    def _check(self, then: Then, placed: PlacedStep, *, last: bool) -> None:
        self._hear()
        news, self._unseen = self._unseen, News([], [], [], [])
        expectations = Expectations(self._meaning(), placed.place, strict=placed.rest != "any")
        self._outcome.differences += expectations.differences(then, news)
        if last and not self._outcome.differences:
            self._outcome.differences += expectations.left(then)

    def _watch(self, place: Placed) -> None:
        broken = self._invariants.broken(self._meaning())
        if broken:
            self._hear()
            self._outcome.differences += broken
            raise _Ended

    def _hear(self) -> None:
        """Take in what has happened since it was looked last."""
        news = self._news.read()
        self._unseen = self._unseen.and_then(news)
        for entry in entries_of(news, self._stage.now()):
            self._tell(entry)

    def _tell(self, entry: StoryEntry) -> None:
        self._outcome.story.append(entry)
        self._told(entry)

    def _meaning(self) -> Meaning:
        return Meaning(self._scenario.people, self._stage, self._fillings, self._lifecycles)

    def _differ(self, place: Placed, field: str, what: str, expected: Any, found: Any) -> None:
        path = f"{place.field}.{field}" if field else place.field
        line = place.lines.of(path)
        self._outcome.differences.append(Difference(path, line, str(place.file), what, expected, found))

    def _stop(self, place: Placed, field: str, what: str, expected: Any, found: Any) -> None:
        """End it here."""
        self._differ(place, field, what, expected, found)
        self._hear()
        raise _Ended


class _Ended(Exception):
    """It has ended before its last step."""


def _told(step: Step) -> str:
    """A step in a few words, for one that says none."""
    if step.send:
        return f"{step.send} {step.to}"
    if step.desk:
        return (
            f"{step.desk} at the desk"
            + (f", {step.of}" if step.of else "")
            + (f", by {step.by}" if step.by else "")
        )
    if step.press or step.look:
        choice = step.press or step.look
        assert choice is not None
        verb = "presses" if step.press else "opens"
        return f"{choice.to} {verb} the link" + (f" about {choice.about}" if choice.about else "")
    if step.task:
        return f"{step.task} " + ("succeeds" if step.fails is None else f"fails: {step.fails}")
    if step.report:
        return f"the channel reports {step.status} of the notice to {step.report.to}"
    if step.channel:
        return ", ".join(f"{name} {how}" for name, how in step.channel.items())
    if step.worker:
        return f"the workers are {step.worker}"
    return f"GET {step.ask}" if step.ask else "time passes"


def _shown(answer: Answer) -> Any:
    if isinstance(answer.body, dict) and "errors" in answer.body:
        return {"status": answer.status, "errors": answer.body["errors"]}
    return {"status": answer.status, "body": answer.body}


def _local(at: datetime, scenario: Scenario) -> str:
    return at.astimezone(scenario.zone).strftime("%Y-%m-%d %H:%M:%S")
