"""Loops without rest: timeouts of no time and events to oneself that always lead back to where they began."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from state_machines.check.document import REFLEXIVE, Document, Finding
from state_machines.form.definition import TimeoutDeclaration, TransitionDeclaration
from state_machines.form.effects import EffectDeclaration
from state_machines.timeouts.kinds.after import After
from state_machines.values.durations import is_duration_text, parse_duration
from state_machines.values.time_errors import DurationError

_REST = timedelta(seconds=1)
"""A timeout of at least so much is a rest, as for the engine, which cuts off what never rests."""


class _Step(NamedTuple):
    """A trigger that is certain to come in a state, and what makes it certain: a path in the definition."""

    state: str
    trigger: str
    cause: str


def restless_loops(document: Document) -> Iterator[Finding]:
    """No state leads back to itself at once whatever its data are: by timeouts of less than a second and by
    events to `self`, both without conditions."""
    following = _following(document)
    told: set[str] = set()
    for first in list(following):
        path = _round(following, first)
        if path is None or path[0].cause in told:
            continue
        told |= {step.cause for step in path}
        way = " -> ".join(f"{step.trigger} in {step.state!r}" for step in [*path, path[0]])
        yield Finding(
            path[0].cause,
            "restless-loop",
            f"this goes on for ever without a second's rest, and nothing stops it: {way}; "
            "give it a condition or a longer time",
        )


def _following(document: Document) -> Mapping[_Step, list[_Step]]:
    """What certainly follows at once upon each step, for the steps of timeouts and events to oneself."""
    found: dict[_Step, list[_Step]] = {}
    waiting = [step for state in document.states for step in _timeouts(document, state)]
    waiting += [
        step
        for path, transition, sources in document.transitions
        for source in sources
        for step in _sent(path, transition, _dest(transition, source))
    ]
    while waiting:
        step = waiting.pop(0)
        if step not in found:
            found[step] = _after(document, step)
            waiting += found[step]
    return found


def _after(document: Document, step: _Step) -> list[_Step]:
    """The certain steps after one; none where a condition decides about it."""
    for path, transition, sources in document.transitions:
        if step.trigger not in transition.triggers or step.state not in sources:
            continue
        if transition.conditions or transition.unless:
            return []
        dest = _dest(transition, step.state)
        entered = transition.dest is not None
        return [*_sent(path, transition, dest), *(_timeouts(document, dest) if entered else [])]
    return []


def _dest(transition: TransitionDeclaration, source: str) -> str:
    return source if transition.dest in (None, REFLEXIVE) else str(transition.dest)


def _timeouts(document: Document, state: str) -> list[_Step]:
    """The triggers of timeouts of this state alone that are due as soon as it is entered."""
    return [
        _Step(state, timeout.declaration.on_timeout, timeout.field)
        for timeout in document.timeouts
        if timeout.scope == (state,) and _is_short(timeout.declaration)
    ]


def _sent(path: str, transition: TransitionDeclaration, dest: str) -> list[_Step]:
    """The triggers that a transition always sends to its own subject."""
    return [
        _Step(dest, effect.emit.trigger, f"{path}.effects[{number}].emit")
        for number, effect in enumerate(transition.effects)
        if _is_certain(effect) and effect.emit is not None and effect.emit.to == "self"
    ]


def _is_certain(effect: EffectDeclaration) -> bool:
    return effect.when is None and effect.each is None


def _is_short(declaration: TimeoutDeclaration) -> bool:
    """Whether a timeout is so long as it says for sure, and that is less than a second."""
    text: str | None = getattr(declaration, After.name)
    if text is None or not is_duration_text(text):
        return False
    try:
        return parse_duration(text) < _REST
    except DurationError:
        return False  # said by the compilation already


def _round(following: Mapping[_Step, list[_Step]], first: _Step) -> list[_Step] | None:
    """The shortest way from a step back to it; None where there is none."""
    ways, seen = [[first]], {first}
    for way in ways:
        for step in following[way[-1]]:
            if step == first:
                return way
            if step not in seen:
                seen.add(step)
                ways.append([*way, step])
    return None
