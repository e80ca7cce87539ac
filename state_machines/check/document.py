"""What every rule looks at: a definition with its names looked up once, and what a rule says of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from state_machines.form.definition import (
    Definition,
    StateDeclaration,
    TimeoutDeclaration,
    TransitionDeclaration,
)
from state_machines.subject import INITIAL

ANY = "*"
REFLEXIVE = "="


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: the path of the value, the rule's name, one sentence."""

    field: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Timeout:
    """A timeout of the lifecycle or of one state, where it stands and in which states it runs."""

    name: str
    field: str
    declaration: TimeoutDeclaration
    scope: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A definition under examination.

    Attributes:
        definition: it.
        others: the definitions of other lifecycles that are known, by name.
    """

    definition: Definition
    others: Mapping[str, Definition] = field(default_factory=dict)

    @cached_property
    def states(self) -> Mapping[str, StateDeclaration]:
        """Its states by name."""
        return {state.name: state for state in self.definition.states}

    @cached_property
    def transitions(self) -> list[tuple[str, TransitionDeclaration, tuple[str, ...]]]:
        """Each transition with its path and its sources, ``*`` written out; unknown states are left out."""
        return [
            (f"transitions[{n}]", transition, self._sources(transition))
            for n, transition in enumerate(self.definition.transitions)
        ]

    def _sources(self, transition: TransitionDeclaration) -> tuple[str, ...]:
        if ANY in transition.source:
            return tuple(name for name, state in self.states.items() if not state.final)
        return tuple(name for name in transition.source if name in self.states or name == INITIAL)

    @cached_property
    def timeouts(self) -> list[Timeout]:
        """Every timeout, those of states included, in the order of the document."""
        unfinished = tuple(name for name, state in self.states.items() if not state.final)
        found = [
            Timeout(name, f"timeouts.{name}", timeout, tuple(timeout.states) or unfinished)
            for name, timeout in self.definition.timeouts.items()
        ]
        for n, state in enumerate(self.definition.states):
            for name, timeout in state.timeouts.items():
                found.append(Timeout(name, f"states[{n}].timeouts.{name}", timeout, (state.name,)))
            if (short := state.short_timeout()) is not None:
                found.append(Timeout(state.name, f"states[{n}].timeout", short, (state.name,)))
        return found

    def moves(self) -> Iterator[tuple[str, TransitionDeclaration, str, str]]:
        """(path, transition, source, dest) for every two states that a transition joins; no internal ones."""
        for path, transition, sources in self.transitions:
            for source in sources:
                dest = source if transition.dest == REFLEXIVE else transition.dest
                if dest is not None and dest in self.states:
                    yield path, transition, source, dest

    def answers(self, trigger: str, state: str) -> bool:
        """Whether some transition takes this trigger in this state."""
        return any(
            transition.trigger == trigger and state in sources for _, transition, sources in self.transitions
        )
