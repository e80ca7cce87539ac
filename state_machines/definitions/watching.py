"""Watching a lifecycle decide: which ways it goes and what its conditions answer, for whoever tests it.

What is watched is compiled for that: a lifecycle that nobody watches knows nothing of it, and is no slower.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle, compile_definition
from state_machines.definitions.machine import Attempt
from state_machines.definitions.ways import Way
from state_machines.expressions import Expression
from state_machines.expressions.view import View

Went = Callable[[Way], None]
Answered = Callable[[str, bool], None]
"""Is told where a condition stands, such as ``transitions[2].if[0]``, and what it answered."""


@dataclass(frozen=True, slots=True)
class WatchedCondition(Expression):
    """A condition that tells what it answers."""

    answered: Answered = field(kw_only=True, repr=False, compare=False)

    def holds(self, view: View) -> bool:
        """As the condition it stands for."""
        found = Expression.holds(self, view)
        self.answered(self.field, found)
        return found


class _WatchedTrigger:
    """A machine's event that tells the way on which it led."""

    def __init__(self, event: Any, went: Went) -> None:
        self._event = event
        self._went = went

    def trigger(self, attempt: Attempt) -> bool:
        taken: bool = self._event.trigger(attempt)
        if attempt.taken is not None:
            self._went(attempt.taken)
        return taken


@dataclass(frozen=True, slots=True)
class _WatchedMachine:
    """As much of a machine as `decide` uses."""

    events: Mapping[str, _WatchedTrigger]


def watched(lifecycle: Lifecycle, went: Went, answered: Answered) -> Lifecycle:
    """The same lifecycle; it decides the same, and tells.

    Args:
        lifecycle: the one to watch.
        went: is told each way that is gone.
        answered: is told what each condition answers: of transitions, effects, changes and timeouts.
    """

    def watch(condition: Expression) -> Expression:
        said = {one.name: getattr(condition, one.name) for one in fields(condition)}
        return WatchedCondition(**said, answered=answered)

    compiled = compile_definition(lifecycle.definition, watch)
    events = {name: _WatchedTrigger(event, went) for name, event in compiled.machine.events.items()}
    return replace(compiled, machine=_WatchedMachine(events))


def conditions_of(lifecycle: Lifecycle) -> list[Expression]:
    """Every condition of a lifecycle, each with its place in the definition."""
    found: list[Expression] = []

    def note(condition: Expression) -> Expression:
        found.append(condition)
        return condition

    compile_definition(lifecycle.definition, note)
    # A named one is asked where its name stands.
    return [one for one in found if not one.field.startswith("guards.")]
