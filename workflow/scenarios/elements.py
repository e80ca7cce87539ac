"""What there is to take of a lifecycle: states, transitions, timeouts, conditions, each in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.definitions.watching import conditions_of
from state_machines.definitions.ways import Way
from state_machines.expressions import Expression
from state_machines.form.source import parse
from state_machines.form.yaml_document import Lines
from workflow.scenarios.taken import LifecycleTaken, WayTaken, text_of

Kind = Literal["state", "transition", "timeout", "condition"]
KINDS: tuple[Kind, ...] = ("state", "transition", "timeout", "condition")
_PLACE = re.compile(r"(transitions|states)\[(\d+)\]\.?(.*)|timeouts\.(\w+)\..*")


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that can be taken.

    Attributes:
        kind: what it is.
        words: by which a person and a list of exceptions name it, such as ``extend from lent if may_extend``.
        field: where it stands in the definition.
        way: of a transition, the way that it is.
        name: of a state or a timeout, its name.
        within: of a condition, what must be taken for it to be asked: an entry's field, or states.
    """

    kind: Kind
    words: str
    field: str
    way: WayTaken | None = None
    name: str = ""
    within: str | frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        """Of a transition, the state that it leads from; else empty."""
        return "" if self.way is None else self.way.source

    def lack(self, taken: LifecycleTaken) -> str | None:
        """What was not taken of it, in a word or two; None where all of it was."""
        if self.kind == "condition":
            return _LACKS[(self.field, True) in taken.answers, (self.field, False) in taken.answers]
        if self.kind == "transition":
            return None if self.way in taken.ways else "never taken"
        if self.kind == "timeout":
            return None if self.name in taken.timeouts else "never fired"
        return None if self.name in taken.states else "never entered"

    def reached(self, taken: LifecycleTaken) -> bool:
        """Whether it was come by at all. What nobody came by is said of what holds it already."""
        if self.kind != "condition":
            return True
        if isinstance(self.within, str):
            return any(way.field == self.within for way in taken.ways)
        return bool(self.within & taken.states)


_LACKS = {
    (True, True): None,
    (True, False): "always held",
    (False, True): "never held",
    (False, False): "never asked",
}


@dataclass(frozen=True, slots=True)
class WrittenLifecycle:
    """A lifecycle, and where its parts are written, as far as that is known."""

    lifecycle: Lifecycle
    lines: Lines | None = None
    file: str | None = None

    def line(self, field: str) -> int | None:
        """The line of a field of its definition, from 1."""
        return None if self.lines is None else self.lines.of(field)


def written(sources: Iterable[tuple[str, str | None]]) -> list[WrittenLifecycle]:
    """The lifecycles of these texts, given as (bundle, file name or None) as for a registry; each text once.

    Raises:
        DefinitionError: one is no definition.
    """
    found: dict[tuple[str, int, str], WrittenLifecycle] = {}
    for text, file in sources:
        lifecycle = load(text, file)
        found.setdefault(text_of(lifecycle), WrittenLifecycle(lifecycle, parse(text, file)[1], file))
    return list(found.values())


def elements_of(lifecycle: Lifecycle) -> list[Element]:
    """Everything of a lifecycle that can be taken, by kind, and in the order of the definition."""
    states = [
        Element("state", f"state {name}", f"states[{index}]", name=name)
        for index, name in enumerate(lifecycle.states)
    ]
    ways = [Element("transition", words_of(way), way.rule.field, _taken(way)) for way in lifecycle.ways]
    timeouts = [
        Element("timeout", f"timeout {name}", rule.field, name=name)
        for name, rule in lifecycle.timeouts.items()
    ]
    conditions = [_condition(lifecycle, one) for one in conditions_of(lifecycle)]
    return [*states, *ways, *timeouts, *conditions]


def words_of(way: Way) -> str:
    """A transition from one source in words: ``extend from lent if may_extend``."""
    return f"{way.trigger} from {way.source}{conditions_in_words(way)}"


def conditions_in_words(way: Way) -> str:
    """The conditions of a transition in words, with a blank and `if` before them; empty if it has none."""
    said = [
        f"{'' if guard.expected else 'not '}{one_line(guard.expression.text)}" for guard in way.rule.guards
    ]
    return f" if {' and '.join(said)}" if said else ""


def one_line(text: str) -> str:
    """A text without its line breaks and doubled blanks."""
    return " ".join(text.split())


def _taken(way: Way) -> WayTaken:
    return WayTaken(way.rule.field, way.trigger, way.source)


def _condition(lifecycle: Lifecycle, condition: Expression) -> Element:
    field, text = condition.field, one_line(condition.text)
    found = _PLACE.fullmatch(field)
    assert found is not None, f"{field}: a condition where none can stand"
    part, index, rest, timeout = found.groups()
    if part == "transitions":
        triggers = " or ".join(_triggers(lifecycle, f"transitions[{index}]"))
        word = rest.partition("[")[0]
        asked = {"effects": "effect when", "change": "change when", "unless": "unless"}.get(word, "if")
        return Element("condition", f"{triggers} {asked} {text}", field, within=f"transitions[{index}]")
    if part == "states" and not rest.startswith("timeouts."):
        state = lifecycle.states[int(index)]
        way = "entering" if rest.startswith("on_enter") else "leaving"
        return Element("condition", f"{way} {state} when {text}", field, within=frozenset({state}))
    name = timeout or rest.split(".")[1]
    scope = lifecycle.timeouts[name].scope
    return Element("condition", f"timeout {name} when {text}", field, within=scope)


def _triggers(lifecycle: Lifecycle, field: str) -> Iterator[str]:
    yield from dict.fromkeys(way.trigger for way in lifecycle.ways if way.rule.field == field)
