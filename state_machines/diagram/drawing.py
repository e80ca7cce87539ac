"""What is drawn of a definition, before it has a place: states, arrows, and what leaves no state."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from state_machines.form.definition import Definition, TimeoutDeclaration, TransitionDeclaration
from state_machines.form.sources import states_meant
from state_machines.subject import INITIAL
from state_machines.timeouts.kinds.table import KINDS

_WRAPPED = re.compile(r"(?:timestamp|iso_duration)\(([\w.?]+)\)")
_DEFAULT = re.compile(r"\.orValue\([^()]*\)")
_PATH = re.compile(r"\bdata(?:\.\w+|\[[\w.]+\])+")
_LONGEST = 56
Ways = frozenset[tuple[str, str, str]]
"""Transitions from one source each: where each stands (``transitions[3]``), its trigger, the source."""
AGAIN = "\u21bb"
"""The sign of a transition that leaves a state and enters it again: exit, entry and timers begin anew."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One transition between two states, as it is labelled.

    Attributes:
        source, dest: names of states; `source` may be ``initial``.
        label: ``trigger [guard]``.
        due: of a timeout's trigger when it comes, such as ``after PT15M``; else empty.
        ways: what it stands for. Two are the same arrow if they look the same.
    """

    source: str
    dest: str
    label: str
    due: str
    ways: Ways = field(default=frozenset(), compare=False)

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
        ways: of each of these, what it stands for.
        called: what readers call it; empty: by its name.
    """

    name: str
    description: str
    final: bool
    stays: tuple[str, ...]
    ways: tuple[Ways, ...] = ()
    called: str = ""

    @property
    def said(self) -> str:
        """What is written in it."""
        return self.called or self.name


@dataclass(frozen=True, slots=True)
class Words:
    """What readers call what is drawn.

    Attributes:
        title: of the lifecycle. states, triggers: by name; those that are missing are called by it.
    """

    title: str
    states: Mapping[str, str]
    triggers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A definition as it is drawn.

    Attributes:
        title: of the lifecycle.
        boxes: its states.
        arrows: transitions between them, each label of two states once.
        everywhere: labels of the transitions that every state has and none is left by.
        ways_everywhere: of each of these, what it stands for.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    everywhere: tuple[str, ...]
    ways_everywhere: tuple[Ways, ...] = ()


def drawing(definition: Definition) -> Drawing:
    """What is drawn of a definition."""
    stays = _stays(definition)
    named = [state.name for state in definition.states]
    everywhere = tuple(label for label in _labels(stays) if all(label in stays[name] for name in named))
    boxes = []
    for state in definition.states:
        own = {label: ways for label, ways in stays[state.name].items() if label not in everywhere}
        boxes.append(Box(state.name, state.description, state.final, tuple(own), tuple(own.values())))
    title = definition.title or definition.lifecycle
    return Drawing(
        f"{title} ({definition.lifecycle}, version {definition.version})",
        tuple(boxes),
        tuple(_plain(_each_once(_arrows(definition)))),
        everywhere,
        tuple(frozenset().union(*(stays[name][label] for name in named)) for label in everywhere),
    )


def brief(
    drawn: Drawing, counts: Mapping[str, str] = MappingProxyType({}), words: Words | None = None
) -> Drawing:
    """The same for whoever only wants to see where subjects are: states, and the triggers between them.

    Args:
        counts: a line for each state that it names.
        words: what readers call what is drawn; None: by its names.
    """
    words = words or Words(drawn.title, {}, {})
    boxes = tuple(
        replace(box, stays=(counts[box.name],), ways=(frozenset(),))
        if box.name in counts
        else replace(box, stays=(), ways=())
        for box in drawn.boxes
    )
    named = ((one, one.label.partition(" [")[0]) for one in drawn.arrows)
    arrows = (replace(one, label=words.triggers.get(trigger, trigger), due="") for one, trigger in named)
    called = tuple(replace(box, called=words.states.get(box.name, "")) for box in boxes)
    return Drawing(words.title, called, tuple(_each_once(arrows)), ())


def _arrows(definition: Definition) -> Iterator[Arrow]:
    for index, transition in enumerate(definition.transitions):
        if transition.dest is None:
            continue
        for source in _sources(definition, transition):
            for trigger in transition.triggers if transition.dest not in ("=", source) else ():
                due = _due(definition, trigger, source)
                ways = frozenset({(f"transitions[{index}]", trigger, source)})
                yield Arrow(source, transition.dest, _label(trigger, transition), due, ways)


def _each_once(arrows: Iterable[Arrow]) -> list[Arrow]:
    """Those that look the same as one, which stands for all that they do."""
    found: dict[Arrow, Ways] = {}
    for one in arrows:
        found[one] = found.get(one, frozenset()) | one.ways
    return [replace(one, ways=ways) for one, ways in found.items()]


def _plain(arrows: Sequence[Arrow]) -> Iterator[Arrow]:
    """Without those that another one, of the same trigger and ends, makes superfluous: it has no guard."""
    free = {(one.source, one.dest, one.label) for one in arrows}
    hidden: dict[tuple[str, str, str], Ways] = {}
    for one in arrows:
        trigger, guard, _ = one.label.partition(" [")
        ends = (one.source, one.dest, trigger)
        if guard and ends in free:
            hidden[ends] = hidden.get(ends, frozenset()) | one.ways
    for one in arrows:
        trigger, guard, _ = one.label.partition(" [")
        ends = (one.source, one.dest, trigger)
        if not guard:
            yield replace(one, ways=one.ways | hidden.get(ends, frozenset()))
        elif ends not in free:
            yield one


def _stays(definition: Definition) -> Mapping[str, dict[str, Ways]]:
    """By state, the labels of the transitions that lead to no other one, and what each stands for."""
    found: dict[str, dict[str, Ways]] = {state.name: {} for state in definition.states}
    for index, transition in enumerate(definition.transitions):
        for source in _sources(definition, transition):
            if transition.dest not in (None, "=", source):
                continue
            again = f"{AGAIN} " if transition.dest is not None else ""
            for trigger in transition.triggers:
                due = _due(definition, trigger, source)
                label = again + _label(trigger, transition) + (f" {due}" if due else "")
                ways = frozenset({(f"transitions[{index}]", trigger, source)})
                of_source = found.setdefault(source, {})
                of_source[label] = of_source.get(label, frozenset()) | ways
    return found


def _labels(stays: Mapping[str, Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(label for labels in stays.values() for label in labels))


def _sources(definition: Definition, transition: TransitionDeclaration) -> list[str]:
    return states_meant(transition.source, {state.name: state.final for state in definition.states})


def _label(trigger: str, transition: TransitionDeclaration) -> str:
    guards = [*transition.conditions, *(f"not {text}" for text in transition.unless)]
    guard = f" [{_short(' and '.join(guards))}]" if guards else ""
    return f"{trigger}{guard}"


def _due(definition: Definition, trigger: str, state: str) -> str:
    """When timeouts give a trigger in a state, such as ``at data.due_at``; empty if none does."""
    said = [when_due(timeout) for timeout in _timeouts(definition, state) if timeout.on_timeout == trigger]
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


def when_due(timeout: TimeoutDeclaration) -> str:
    """When a timeout is due, in a few words, such as ``after PT1H``."""
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
