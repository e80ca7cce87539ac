"""The types of the data, held at a decision: of the fields that a change may leave with a value that misfits.

What cannot misfit is not looked at: a field that is copied from an event whose field is declared alike, an
instant that an expression gives for an instant, a value added to a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from state_machines.compilation.arguments import Computed, fields_of
from state_machines.definitions.changes import CopyStep, FieldStep, GuardedStep, Step
from state_machines.definitions.data_rules import DataRule, schema
from state_machines.errors import Problem
from state_machines.form.definition import Definition, TransitionDeclaration
from state_machines.form.fields import FieldDeclaration

_NOWHERE: Any = object()
_GIVES: Mapping[str, Mapping[str, Any]] = {
    "TIMESTAMP": {"type": "string", "format": "date-time"},
    "DURATION": {"type": "string", "format": "duration"},
    "STRING": {"type": "string"},
    "BOOL": {"type": "boolean"},
    "INT": {"type": "integer"},
}
"""What an expression of this type gives as JSON."""


class HeldTypes:
    """The fields that a transition must be looked at for, with what they are declared as."""

    __slots__ = ("_names", "_rule")

    def __init__(self, fields: Mapping[str, FieldDeclaration]) -> None:
        self._names = tuple(fields)
        self._rule = DataRule(fields, partly=True)

    def problems(self, data: Mapping[str, Any], before: Mapping[str, Any]) -> list[Problem]:
        """What misfits among the fields that are not as they were before."""
        changed = {
            name: data[name]
            for name in self._names
            if name in data and before.get(name, _NOWHERE) is not data[name]
        }
        return self._rule.problems(changed) if changed else []


def held_types(
    definition: Definition, declared: TransitionDeclaration, steps: Sequence[Step]
) -> HeldTypes | None:
    """What a transition must be looked at for; None if nothing that it changes can misfit."""
    if definition.edition == 1:
        return None
    names = set(definition.data) if declared.set is not None else set()
    for step in steps:
        names.update(_doubtful(definition, declared.triggers, step))
    fields = {name: one for name, one in definition.data.items() if name in names and _said_of(one)}
    return HeldTypes(fields) if fields else None


def _doubtful(definition: Definition, triggers: Sequence[str], step: Step) -> Iterator[str]:
    match step:
        case GuardedStep():
            yield from _doubtful(definition, triggers, step.step)
        case CopyStep():
            brought = [definition.triggers[name].data for name in triggers if name in definition.triggers]
            for name, theirs in step.names:
                own = definition.data.get(name)
                alike = own is not None and all(
                    theirs in fields and _said_of(fields[theirs]) == _said_of(own) for fields in brought
                )
                if not (alike and len(brought) == len(triggers)):
                    yield name
        case FieldStep():
            for name, argument in fields_of(step.values):
                own = definition.data.get(name)
                if own is not None and not _fits(step.verb, _said_of(own), argument):
                    yield name


def _said_of(declared: FieldDeclaration) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema({"it": declared})["properties"]["it"]
    return found


def _fits(verb: str, said: Mapping[str, Any], argument: Any) -> bool:
    """Whether what the verb makes of a field is for sure what is said of that."""
    if not said:
        return True
    if verb == "set":
        gives = _GIVES.get(argument.expression.result) if isinstance(argument, Computed) else None
        return gives is not None and said in (gives, {"type": gives["type"]})
    if verb in ("append", "add", "remove"):
        return said == {"type": "array"}
    return False
