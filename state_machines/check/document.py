"""What every rule looks at: a definition with its names looked up once, and what a rule says of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from state_machines.compilation.compilation import Compilation
from state_machines.compilation.named_expressions import behind, compile_names
from state_machines.errors import ExpressionError
from state_machines.expressions import compile_expression
from state_machines.expressions.scope import Scope
from state_machines.form.definition import (
    Definition,
    StateDeclaration,
    TimeoutDeclaration,
    TransitionDeclaration,
)
from state_machines.form.fields import FieldDeclaration
from state_machines.form.sources import states_meant

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

    @cached_property
    def scope(self) -> Scope:
        """What its expressions see besides the fixed variables."""
        compilation = Compilation()
        compile_names(compilation, self.definition)
        return compilation.scope

    def behind(self, text: str) -> Iterator[str]:
        """An expression, and those behind the names in it: all that is evaluated with it."""
        return behind(self.definition, text)

    def may_be_absent(self, value: Any) -> bool:
        """Whether a value of a change is left out where it leads nowhere."""
        if self.definition.edition < 2 or not isinstance(value, str) or not value.startswith("="):
            return False
        try:
            return compile_expression(value[1:], scope=self.scope, may_be_absent=True).may_be_absent
        except ExpressionError:
            return False  # said by the compilation already

    def known(self, name: str) -> Definition | None:
        """The definition of a lifecycle, this one or another."""
        return self.definition if name == self.definition.lifecycle else self.others.get(name)

    def brought(self, trigger: str) -> Mapping[str, FieldDeclaration]:
        """What the event of a trigger is declared to bring."""
        declared = self.definition.triggers.get(trigger)
        return declared.data if declared is not None else {}

    def _sources(self, transition: TransitionDeclaration) -> tuple[str, ...]:
        finals = {name: state.final for name, state in self.states.items()}
        return tuple(states_meant(transition.source, finals))

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
            trigger in transition.triggers and state in sources for _, transition, sources in self.transitions
        )
