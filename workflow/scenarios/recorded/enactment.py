"""A draft played once: what follows of each step becomes what must be so.

Instants of a running installation are never quite whole, and people of a recording are invented: so it is not
copied what happened there, but what happens when the same acts come in again. Whether that is the same story,
`same_story` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from state_machines.values.time_errors import TimeError
from workflow.scenarios.acts import Acts
from workflow.scenarios.document import KnownEvent, Step
from workflow.scenarios.errors import FillingError, StepImpossible
from workflow.scenarios.filling import Fillings
from workflow.scenarios.installation import Installation
from workflow.scenarios.meaning import Meaning
from workflow.scenarios.news import News
from workflow.scenarios.recorded.draft import Draft, DraftStep
from workflow.scenarios.recorded.followed import Defaults, Follower
from workflow.scenarios.stage import Answer, SeenMove
from workflow.scenarios.stores import Stores
from workflow.scenarios.times import Moment

_MOST_PASSES = 4
_LONGEST_SAYING = 3
"""Timers that are named in what a step says."""
_SEND_REFUSED = 422


@dataclass(frozen=True, slots=True)
class EnactedStep:
    """A step with what follows of it; `fields` are as in the YAML, with `say`, `answer` and `then`."""

    at: datetime
    fields: Mapping[str, Any]


@dataclass(slots=True)
class Enacted:
    """What came of a draft.

    Attributes:
        moves: every decision, in order.
        notes: what could not be done again.
    """

    steps: list[EnactedStep] = field(default_factory=list)
    moves: Sequence[SeenMove] = ()
    notes: list[str] = field(default_factory=list)
    happened: set[datetime] = field(default_factory=set)


def enact(draft: Draft, stores: Stores, sources: Sequence[tuple[str, str]]) -> Enacted:
    """Play a draft, with a step at every instant at which something happens by itself.

    Args:
        sources: definitions beside the catalog's, as a `Installation` takes them.
    """
    steps: list[DraftStep] = list(draft.steps)
    passed: set[datetime] = set()
    enacted = _played(draft, steps, stores, sources)
    for _ in range(_MOST_PASSES):
        told = {step.at for step in steps}
        missing = enacted.happened - told - passed
        idle = {one.at for one in enacted.steps if _is_idle(one)}
        if not missing and not idle:
            break
        passed |= idle
        steps = [one for one in steps if one.fields or one.at not in idle]
        steps = sorted([*steps, *(DraftStep(at, {}) for at in missing)], key=lambda one: one.at)
        enacted = _played(draft, steps, stores, sources)
    return enacted


def _is_idle(step: EnactedStep) -> bool:
    """Whether it only lets time pass in which nothing came to be seen."""
    return step.fields.keys() <= {"say", "then"} and not step.fields.get("then")


def _played(
    draft: Draft, steps: Sequence[DraftStep], stores: Stores, sources: Sequence[tuple[str, str]]
) -> Enacted:
    found = Enacted()
    with _installed(draft, stores, sources) as place:
        follower = Follower(place, draft.values, draft.aside, _defaults_in(place))
        moment = Moment(draft.begins, draft.begins, draft.values.times.zone)

        def acts(at: datetime, number: str) -> Acts:
            people = draft.values.people
            return Acts(Meaning(people, place, Fillings(moment.later(at), {}, people)), number)

        for number, event in enumerate(draft.known):
            one = KnownEvent.model_validate(event)
            acts(draft.begins, f"known-{number}").send(one, one.speaks_as)
            place.settle()
        follower.begin()
        for number, step in enumerate(steps):
            place.until(step.at)
            fields = dict(step.fields)
            if fields:
                fields |= _done(acts(step.at, f"step-{number + 1}"), fields, found)
            place.settle()
            then, news = follower.then(step.at)
            if not fields:
                fields = {"say": _saying(news)}
            found.steps.append(EnactedStep(step.at, fields | ({"then": then} if then else {})))
        place.until(draft.until)
        found.moves = place.moves(0)
        found.happened = {one.at for one in found.moves if one.at > draft.begins}
        found.happened |= {one.at for one in place.notices() if one.at > draft.begins}
        _end(found, follower, place)
    return found


@contextmanager
def _installed(draft: Draft, stores: Stores, sources: Sequence[tuple[str, str]]) -> Iterator[Installation]:
    with stores.empty() as store, TemporaryDirectory(prefix="makegood-place-") as directory:
        place = Installation(store, Path(directory), draft.begins, sources)
        try:
            yield place
        finally:
            place.close()


def _defaults_in(place: Installation) -> Defaults:
    return lambda lifecycle, version: place.registry.get(lifecycle, version).defaults


def _done(acts: Acts, fields: Mapping[str, Any], found: Enacted) -> dict[str, Any]:
    """Do what a step says; the `answer` that it must name, if that is not the usual one."""
    try:
        answer, right = acts.do(Step.model_validate(fields))
    except (FillingError, StepImpossible, TimeError) as error:
        found.notes.append(f"{_shown(fields)}: {error}")
        return {}
    return {} if right or answer is None else {"answer": _said(answer, fields)}


def _said(answer: Answer, fields: Mapping[str, Any]) -> Any:
    errors = answer.body.get("errors") if isinstance(answer.body, Mapping) else None
    if "send" in fields and errors:
        return {"status": answer.status, "field": errors[0]["field"], "rule": errors[0]["rule"]}
    return answer.status


def _shown(fields: Mapping[str, Any]) -> str:
    """A step in a few words."""
    return ", ".join(f"{name} {value}" for name, value in list(fields.items())[:2])


def _saying(news: News) -> str:
    """Why something happens although nobody did anything."""
    timers = [f"{one.timer} of {one.subject}" for one in news.moves if one.timer is not None]
    shown = timers[:_LONGEST_SAYING]
    more = len(timers) - len(shown)
    if not shown:
        return "What waited until now goes out"
    return (
        f"{', '.join(shown)}{f' and {more} more' if more else ''} {'is' if len(timers) == 1 else 'are'} due"
    )


def _end(found: Enacted, follower: Follower, place: Installation) -> None:
    """The last step names whoever still waits, and lets open what it cannot name."""
    if not found.steps:
        return
    last = found.steps[-1]
    then = follower.left(dict(last.fields.get("then", {})))
    fields = {**last.fields, "then": then} if then else dict(last.fields)
    if place.unanswered():
        fields["rest"] = "any"
        fields.setdefault("say", "Tasks that nobody has answered are left open")
    found.steps[-1] = EnactedStep(last.at, fields)
