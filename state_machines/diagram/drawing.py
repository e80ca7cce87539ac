"""What is drawn of a definition, before it has a place: states, arrows, and what leaves no state."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from state_machines.form.definition import Definition, TimeoutDeclaration, TransitionDeclaration
from state_machines.form.sources import states_meant
from state_machines.subject import INITIAL
from state_machines.timeouts.kinds.table import KINDS

_WRAPPED = re.compile(r"(?:timestamp|iso_duration)\(([\w.?]+)\)")
_DEFAULT = re.compile(r"\.orValue\([^()]*\)")
_PATH = re.compile(r"\bdata(?:\.\w+|\[[\w.]+\])+")
_LONGEST = 56
AGAIN = "\u21bb"
"""The sign of a transition that leaves a state and enters it again: exit, entry and timers begin anew."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One transition between two states, as it is labelled.

    Attributes:
        source, dest: names of states; `source` may be ``initial``.
        label: ``trigger [guard]``.
        due: of a timeout's trigger when it comes, such as ``after PT15M``; else empty.
    """

    source: str
    dest: str
    label: str
    due: str

    @property
    def timed(self) -> bool:
        """Whether a timeout gives the trigger."""
        return bool(self.due)


@dataclass(frozen=True, slots=True)
class Box:
    """One state.

    Attributes:
        name: its name.
        description: a sentence, or empty.
        final: whether it is final.
        stays: labels of the transitions that do not leave it, with `AGAIN` those that enter it again.
    """

    name: str
    description: str
    final: bool
    stays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A definition as it is drawn.

    Attributes:
        title: of the lifecycle.
        boxes: its states.
        arrows: transitions between them, each label of two states once.
        everywhere: labels of the transitions that every state has and none is left by.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    everywhere: tuple[str, ...]


def drawing(definition: Definition) -> Drawing:
    """What is drawn of a definition."""
    stays = _stays(definition)
    named = [state.name for state in definition.states]
    everywhere = tuple(label for label in _labels(stays) if all(label in stays[name] for name in named))
    boxes = tuple(
        Box(
            state.name,
            state.description,
            state.final,
            tuple(label for label in stays[state.name] if label not in everywhere),
        )
        for state in definition.states
    )
    title = definition.title or definition.lifecycle
    return Drawing(
        f"{title} ({definition.lifecycle}, version {definition.version})",
        boxes,
        tuple(_plain(dict.fromkeys(_arrows(definition)))),
        everywhere,
    )


def _arrows(definition: Definition) -> Iterator[Arrow]:
    for transition in definition.transitions:
        if transition.dest is None:
            continue
        for source in _sources(definition, transition):
            for trigger in transition.triggers if transition.dest not in ("=", source) else ():
                due = _due(definition, trigger, source)
                yield Arrow(source, transition.dest, _label(trigger, transition), due)


def _plain(arrows: Iterable[Arrow]) -> Iterator[Arrow]:
    """Without those that another one, of the same trigger and ends, makes superfluous: it has no guard."""
    drawn = list(arrows)
    free = {(one.source, one.dest, one.label) for one in drawn}
    for one in drawn:
        trigger, guard, _ = one.label.partition(" [")
        if not guard or (one.source, one.dest, trigger) not in free:
            yield one


def _stays(definition: Definition) -> Mapping[str, list[str]]:
    """By state, the labels of the transitions that lead to no other one."""
    found: dict[str, list[str]] = {state.name: [] for state in definition.states}
    for transition in definition.transitions:
        for source in _sources(definition, transition):
            if transition.dest not in (None, "=", source):
                continue
            again = f"{AGAIN} " if transition.dest is not None else ""
            for trigger in transition.triggers:
                due = _due(definition, trigger, source)
                label = again + _label(trigger, transition) + (f" {due}" if due else "")
                if label not in found.setdefault(source, []):
                    found[source].append(label)
    return found


def _labels(stays: Mapping[str, list[str]]) -> list[str]:
    return list(dict.fromkeys(label for labels in stays.values() for label in labels))


def _sources(definition: Definition, transition: TransitionDeclaration) -> list[str]:
    return states_meant(transition.source, {state.name: state.final for state in definition.states})


def _label(trigger: str, transition: TransitionDeclaration) -> str:
    guards = [*transition.conditions, *(f"not {text}" for text in transition.unless)]
    guard = f" [{_short(' and '.join(guards))}]" if guards else ""
    return f"{trigger}{guard}"


def _due(definition: Definition, trigger: str, state: str) -> str:
    """When timeouts give a trigger in a state, such as ``at data.due_at``; empty if none does."""
    said = [_when(timeout) for timeout in _timeouts(definition, state) if timeout.on_timeout == trigger]
    return " or ".join(dict.fromkeys(said))


def _timeouts(definition: Definition, state: str) -> Iterator[TimeoutDeclaration]:
    final = {one.name for one in definition.states if one.final}
    for timeout in definition.timeouts.values():
        if state in timeout.states or (not timeout.states and state not in final and state != INITIAL):
            yield timeout
    for declared in definition.states:
        if declared.name == state:
            yield from declared.timeouts.values()
            if (short := declared.short_timeout()) is not None:
                yield short


def _when(timeout: TimeoutDeclaration) -> str:
    for kind in KINDS:
        if getattr(timeout, kind.name) is not None:
            return kind.label(timeout, _short)
    return "at some time"


def _short(expression: str) -> str:
    """An expression on one line, without conversions and defaults, and no longer than a label can be."""
    text = _DEFAULT.sub("", _WRAPPED.sub(r"\1", " ".join(expression.split()))).replace(".?", ".")
    if text.startswith("cel.bind(") and (bound := _PATH.search(text)):
        text = bound.group()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
