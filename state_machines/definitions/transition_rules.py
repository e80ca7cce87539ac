"""Transitions with their guards, as they are declared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from state_machines.compilation.arguments import Argument, compile_argument, compile_whole
from state_machines.compilation.compilation import Compilation
from state_machines.definitions.changes import Step, compile_changes
from state_machines.definitions.held_types import HeldTypes, held_types
from state_machines.effects import EffectRule, compile_effects
from state_machines.errors import DecisionError, ExpressionError
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.form.definition import Definition, TransitionDeclaration
from state_machines.form.sources import ANY, UNFINISHED, states_meant
from state_machines.subject import INITIAL
from state_machines.values.json_values import kind

LONGEST_SENTENCE = 300
"""Characters of why a guard refuses; a reason is kept for ever."""


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of a transition.

    Attributes:
        expression: what is asked.
        expected: the answer that agrees: true for `conditions` and false for `unless`.
        behind: what the definition says under its name, if it is a named one.
        says: the sentence for whoever it refuses, if the definition has one.
    """

    expression: Expression
    expected: bool
    behind: str | None = None
    says: Argument | None = None

    def agrees(self, view: View) -> bool:
        """Whether the transition may be taken. Raises ExpressionError, DecisionError."""
        return self.expression.holds(view) is self.expected

    def sentence(self, view: View) -> str | None:
        """Why it refuses, for a person; None where the definition does not say it, or cannot now."""
        try:
            said = None if self.says is None else self.says.value(view)
        except ExpressionError:
            return None  # a sentence that fails refuses nothing else
        return (
            f"{said[:LONGEST_SENTENCE]} [{self.expression.text}]" if isinstance(said, str) and said else None
        )

    def __str__(self) -> str:
        said = "does not hold" if self.expected else "holds"
        meant = "" if self.behind is None else f" ({self.behind})"
        return f"{self.expression.field} {said}: {self.expression.text}{meant}"


def refusal(failed: Sequence[Guard], view: View) -> str:
    """Why guards have refused: in the sentences of those that have one, else by the conditions themselves.

    Those without a sentence, where others have one, are there to choose between ways, and say nothing.
    """
    sentences = [said for guard in failed if (said := guard.sentence(view)) is not None]
    return "; ".join(dict.fromkeys(sentences or map(str, failed)))


@dataclass(frozen=True, slots=True)
class TransitionRule:
    """One declared transition.

    Attributes:
        field: where it stands, such as ``transitions[3]``.
        internal: whether no state is left.
        guards: all must agree.
        changes: gives the fields of the subject's data to change, or None.
        steps: changes by verb, done in order.
        types: what is looked at after a change; None if nothing can misfit.
        restart: names of timeouts to set anew.
        effects: what it asks for, between the effects of leaving and entering.
    """

    field: str
    internal: bool
    guards: tuple[Guard, ...]
    changes: Argument | None
    restart: frozenset[str]
    effects: tuple[EffectRule, ...]
    steps: tuple[Step, ...] = ()
    types: HeldTypes | None = None

    def changed(self, view: View) -> Mapping[str, Any]:
        """The subject's data after `set` or `change`; the same object where nothing is to change.

        Raises:
            ExpressionError: an expression failed.
            DecisionError: one expression for all fields gives no object; a field is not of its type.
        """
        if self.steps:
            data = dict(view.data)
            seen = view.changing(data)
            for step in self.steps:
                step.apply(data, seen)
            return self._fitting(data, view.data)
        if self.changes is None:
            return view.data
        changes = self.changes.value(view)
        if not isinstance(changes, Mapping):
            raise DecisionError(
                f"{self.field}.set", "not-an-object", f"set must give an object, not {kind(changes)}"
            )
        return self._fitting({**view.data, **changes}, view.data)

    def _fitting(self, data: Mapping[str, Any], before: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.types is None:
            return data
        problems = self.types.problems(data, before)
        if problems:
            first = problems[0]
            raise DecisionError(f"{self.field}: {first.field}", first.rule, first.message)
        return data


class Departure(NamedTuple):
    """A transition from one of its sources; an internal one ends where it begins."""

    trigger: str
    source: str
    dest: str
    rule: TransitionRule


def compile_transitions(
    compilation: Compilation, definition: Definition, timeouts: Mapping[str, Any]
) -> tuple[tuple[TransitionRule, ...], list[Departure]]:
    """The rules, and one departure for each source of each."""
    rules: list[TransitionRule] = []
    departures: list[Departure] = []
    for index, declared in enumerate(definition.transitions):
        field = f"transitions[{index}]"
        rule = _rule(compilation, definition, declared, field, timeouts)
        rules.append(rule)
        for source in _sources(compilation, declared, field):
            dest = source if declared.dest in (None, "=") else declared.dest
            departures += [Departure(name, source, str(dest), rule) for name in declared.triggers]
    return tuple(rules), departures


def _rule(
    compilation: Compilation,
    definition: Definition,
    declared: TransitionDeclaration,
    field: str,
    timeouts: Mapping[str, Any],
) -> TransitionRule:
    if declared.dest not in (None, "="):
        compilation.state(str(declared.dest), f"{field}.dest")
    for index, name in enumerate(declared.restart):
        if name not in timeouts:
            compilation.problem(
                f"{field}.restart[{index}]", "unknown-timeout", f"there is no timeout {name!r}"
            )
    if declared.set is not None and declared.change:
        compilation.problem(
            f"{field}.set", "set-and-change", "say it under `change`, in the order that is meant"
        )
    guards = [
        _guard(compilation, definition, text, f"{field}.{word}[{index}]", expected)
        for word, texts, expected in (
            (compilation.word_of_conditions, declared.conditions, True),
            ("unless", declared.unless, False),
        )
        for index, text in enumerate(texts)
    ]
    steps = compile_changes(compilation, declared.change, f"{field}.change")
    return TransitionRule(
        field=field,
        internal=declared.dest is None,
        guards=tuple(guards),
        changes=None if declared.set is None else compile_whole(compilation, declared.set, f"{field}.set"),
        restart=frozenset(declared.restart),
        effects=compile_effects(compilation, declared.effects, f"{field}.effects"),
        steps=steps,
        types=held_types(definition, declared, steps),
    )


def _guard(compilation: Compilation, definition: Definition, text: str, field: str, expected: bool) -> Guard:
    named = definition.guards.get(text)
    condition = compilation.condition(text, field)
    if named is None:
        return Guard(condition, expected)
    if named.says is not None and not expected:
        message = (
            f"{text!r} says why it is refused where it does not hold; name the contrary, and use it with `if`"
        )
        compilation.problem(field, "says-unless", message)
    says = None if named.says is None else compile_argument(compilation, named.says, f"guards.{text}.says")
    return Guard(condition, expected, named.condition, says)


def _sources(compilation: Compilation, declared: TransitionDeclaration, field: str) -> Iterator[str]:
    """The states it leads from, each once."""
    if not declared.source:
        compilation.problem(f"{field}.source", "required", "a transition needs a source")
    for index, written in enumerate(declared.source):
        place = f"{field}.source[{index}]" if len(declared.source) > 1 else f"{field}.source"
        if written == INITIAL and declared.dest in (None, "="):
            compilation.problem(
                f"{field}.dest", "opens-nothing", f"from {INITIAL!r} a transition must lead to a state"
            )
        elif written not in (UNFINISHED, ANY, INITIAL):
            compilation.state(written, place)
    yield from states_meant(declared.source, compilation.states)
