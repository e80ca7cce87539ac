"""Transitions with their guards, as transitions' machine asks and takes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from state_machines.compilation import Compilation
from state_machines.definition import Definition, TransitionDeclaration
from state_machines.effects import EffectRule, compile_effects
from state_machines.errors import DecisionError
from state_machines.expressions import Expression
from state_machines.expressions.arguments import Argument, compile_whole
from state_machines.expressions.view import View
from state_machines.json_values import kind
from state_machines.subject import INITIAL


class Attempt:
    """The short-lived model that the machine drives through one trigger.

    The machine keeps the state in an attribute that no trigger can be named like, since it takes no
    trigger of that name.

    Attributes:
        view: what guards see.
        taken: the transition that was taken, or None.
        failed: guards that kept transitions from being taken, in the order they were asked.
    """

    STATE_ATTRIBUTE = "_state"
    __slots__ = ("_state", "failed", "taken", "view")

    def __init__(self, state: str, view: View) -> None:
        self._state = state
        self.view = view
        self.taken: TransitionRule | None = None
        self.failed: list[Guard] = []

    @property
    def state(self) -> str:
        """Where it is: the state before, and after the machine has been asked, the state after."""
        return self._state


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of a transition: `expected` is true for `conditions` and false for `unless`."""

    expression: Expression
    expected: bool

    def __call__(self, event_data: Any) -> bool:
        """Asked by the machine with its EventData. Raises ExpressionError, DecisionError."""
        attempt: Attempt = event_data.model
        holds = self.expression.holds(attempt.view.activation) is self.expected
        if not holds:
            attempt.failed.append(self)
        return holds

    def __str__(self) -> str:
        said = "does not hold" if self.expected else "holds"
        return f"{self.expression.field} {said}: {self.expression.text}"


@dataclass(frozen=True, slots=True)
class TransitionRule:
    """One declared transition.

    Attributes:
        field: where it stands, such as ``transitions[3]``.
        internal: whether no state is left.
        guards: all must agree.
        changes: gives the fields of the subject's data to change, or None.
        restart: names of timeouts to set anew.
        effects: what it asks for, between the effects of leaving and entering.
    """

    field: str
    internal: bool
    guards: tuple[Guard, ...]
    changes: Argument | None
    restart: frozenset[str]
    effects: tuple[EffectRule, ...]

    def take(self, event_data: Any) -> None:
        """Called by the machine, once the guards agree."""
        event_data.model.taken = self

    def changed(self, view: View) -> Mapping[str, Any]:
        """The subject's data after `set`; the same object where nothing is to change.

        Raises:
            ExpressionError: an expression failed.
            DecisionError: one expression for all fields gives no object.
        """
        if self.changes is None:
            return view.data
        changes = self.changes.value(view.activation)
        if not isinstance(changes, Mapping):
            raise DecisionError(
                f"{self.field}.set", "not-an-object", f"set must give an object, not {kind(changes)}"
            )
        return {**view.data, **changes}


def compile_transitions(
    compilation: Compilation, definition: Definition, timeouts: Mapping[str, Any]
) -> tuple[tuple[TransitionRule, ...], list[dict[str, Any]]]:
    """The rules, and the same as transitions' machine takes them: one entry for each source."""
    rules: list[TransitionRule] = []
    entries: list[dict[str, Any]] = []
    for index, declared in enumerate(definition.transitions):
        field = f"transitions[{index}]"
        rule = _rule(compilation, declared, field, timeouts)
        rules.append(rule)
        for source in _sources(compilation, declared, field):
            entries.append(
                {
                    "trigger": declared.trigger,
                    "source": source,
                    "dest": source if declared.dest == "=" else declared.dest,
                    "conditions": list(rule.guards),
                    "before": rule.take,
                }
            )
    return tuple(rules), entries


def _rule(
    compilation: Compilation, declared: TransitionDeclaration, field: str, timeouts: Mapping[str, Any]
) -> TransitionRule:
    if declared.dest not in (None, "="):
        compilation.state(str(declared.dest), f"{field}.dest")
    for index, name in enumerate(declared.restart):
        if name not in timeouts:
            compilation.problem(
                f"{field}.restart[{index}]", "unknown-timeout", f"there is no timeout {name!r}"
            )
    guards = [
        Guard(compilation.condition(text, f"{field}.{word}[{index}]"), expected)
        for word, texts, expected in (
            ("conditions", declared.conditions, True),
            ("unless", declared.unless, False),
        )
        for index, text in enumerate(texts)
    ]
    return TransitionRule(
        field=field,
        internal=declared.dest is None,
        guards=tuple(guards),
        changes=None if declared.set is None else compile_whole(compilation, declared.set, f"{field}.set"),
        restart=frozenset(declared.restart),
        effects=compile_effects(compilation, declared.effects, f"{field}.effects"),
    )


def _sources(compilation: Compilation, declared: TransitionDeclaration, field: str) -> Iterator[str]:
    """The states it leads from, each once."""
    if not declared.source:
        compilation.problem(f"{field}.source", "required", "a transition needs a source")
    seen: set[str] = set()
    for index, written in enumerate(declared.source):
        place = f"{field}.source[{index}]" if len(declared.source) > 1 else f"{field}.source"
        if written == INITIAL and declared.dest in (None, "="):
            compilation.problem(
                f"{field}.dest", "opens-nothing", f"from {INITIAL!r} a transition must lead to a state"
            )
        elif written not in ("*", INITIAL):
            compilation.state(written, place)
        names = (
            [name for name, final in compilation.states.items() if not final] if written == "*" else [written]
        )
        yield from (name for name in names if name not in seen)
        seen.update(names)
