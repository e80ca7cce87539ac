"""Changes of the data by verb: flat steps, done in order on one copy of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from state_machines.compilation.arguments import Argument, compile_argument, mapped
from state_machines.compilation.compilation import Compilation
from state_machines.errors import DecisionError
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.form.definition import Change
from state_machines.values.json_values import identity, kind

Data = dict[str, Any]
Verb = Callable[[Data, str, Any, str], None]


@dataclass(frozen=True, slots=True)
class FieldStep:
    """A verb with the fields that it changes; all their values are found before the first is changed.

    A field whose value leads nowhere stays as it was.
    """

    field: str
    verb: str
    values: Argument

    def apply(self, data: Data, view: View) -> None:
        """Change the data. Raises ExpressionError, DecisionError."""
        found = self.values.value(view)
        if self.verb == "set":
            data.update(found)
            return
        change = _VERBS[self.verb]
        for name, value in found.items():
            change(data, name, value, self.field)


@dataclass(frozen=True, slots=True)
class CopyStep:
    """Takes fields from the event, those that it brings: each as it is called here, and there."""

    names: tuple[tuple[str, str], ...]

    def apply(self, data: Data, view: View) -> None:
        """Change the data."""
        brought = view.event_data
        for name, theirs in self.names:
            if theirs in brought:
                data[name] = brought[theirs]


@dataclass(frozen=True, slots=True)
class UnsetStep:
    """Forgets fields."""

    names: tuple[str, ...]

    def apply(self, data: Data, view: View) -> None:
        """Change the data."""
        for name in self.names:
            data.pop(name, None)


@dataclass(frozen=True, slots=True)
class GuardedStep:
    """A step that is done only if a condition holds."""

    when: Expression
    step: FieldStep | CopyStep | UnsetStep

    def apply(self, data: Data, view: View) -> None:
        """Change the data. Raises ExpressionError, DecisionError."""
        if self.when.holds(view):
            self.step.apply(data, view)


Step = FieldStep | CopyStep | UnsetStep | GuardedStep


def compile_changes(compilation: Compilation, declared: Sequence[Change], field: str) -> tuple[Step, ...]:
    """The steps; problems go to the compilation."""
    steps: list[Step] = []
    for index, change in enumerate(declared):
        place = f"{field}[{index}]"
        verbs = [name for name, value in change if value is not None and name != "when"]
        if len(verbs) != 1:
            message = "a change is exactly one of set, copy, append, add, remove, increment and unset"
            compilation.problem(place, "one-verb", message)
            continue
        step = _step(compilation, change, verbs[0], place)
        if change.when is not None:
            steps.append(GuardedStep(compilation.condition(change.when, f"{place}.when"), step))
        else:
            steps.append(step)
    return tuple(steps)


def _step(
    compilation: Compilation, change: Change, verb: str, place: str
) -> FieldStep | CopyStep | UnsetStep:
    if change.copied is not None:
        return CopyStep(tuple(change.copied.items()))
    if change.unset is not None:
        return UnsetStep(tuple(change.unset))
    said: Mapping[str, Any] = getattr(change, verb)
    absent = verb != "increment"
    values = [
        (name, compile_argument(compilation, value, f"{place}.{verb}.{name}", may_be_absent=absent))
        for name, value in said.items()
    ]
    return FieldStep(f"{place}.{verb}", verb, mapped(values))


def _append(data: Data, name: str, value: Any, place: str) -> None:
    data[name] = [*_list(data, name, place), value]


def _add(data: Data, name: str, value: Any, place: str) -> None:
    held = _list(data, name, place)
    known = {identity(one) for one in held}
    new = []
    for one in value if isinstance(value, list) else [value]:
        own = identity(one)
        if one is None or one == "" or own in known:
            continue
        known.add(own)
        new.append(one)
    if new or name not in data:
        data[name] = [*held, *new]


def _remove(data: Data, name: str, value: Any, place: str) -> None:
    held = _list(data, name, place)
    gone = {identity(one) for one in (value if isinstance(value, list) else [value])}
    kept = [one for one in held if identity(one) not in gone]
    if len(kept) < len(held):
        data[name] = kept


def _increment(data: Data, name: str, value: Any, place: str) -> None:
    held = data.get(name)
    before = 0 if held is None else held
    if not _is_number(before) or not _is_number(value):
        wrong = value if _is_number(before) else before
        raise DecisionError(f"{place}.{name}", "not-a-number", f"must be a number, not {kind(wrong)}")
    data[name] = before + value


_VERBS: Mapping[str, Verb] = {
    "append": _append,
    "add": _add,
    "remove": _remove,
    "increment": _increment,
}


def _list(data: Data, name: str, place: str) -> list[Any]:
    held = data.get(name)
    if held is None:
        return []
    if not isinstance(held, list):
        raise DecisionError(f"{place}.{name}", "not-a-list", f"must be a list, not {kind(held)}")
    return held


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
