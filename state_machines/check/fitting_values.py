"""Values that are written out fit what is declared: of the subject, and of what others are sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from state_machines.check.document import Document, Finding
from state_machines.check.effects import effects_of, received
from state_machines.definitions.data_rules import DataRule
from state_machines.form.fields import FieldDeclaration


def misfit_values(document: Document) -> Iterator[Finding]:
    """What a change writes into a declared field is of its type; a forgotten ``=`` makes a text of it."""
    declared = document.definition.data
    for path, transition, _ in document.transitions:
        if isinstance(transition.set, Mapping):
            yield from _misfits(declared, transition.set, f"{path}.set")
        for n, change in enumerate(transition.change):
            if change.set is not None:
                yield from _misfits(declared, change.set, f"{path}.change[{n}].set")
            if change.increment is not None:
                yield from _misfits(declared, change.increment, f"{path}.change[{n}].increment")


def misfit_defaults(document: Document) -> Iterator[Finding]:
    """What a field is where nothing has been said is of its type, and one of its values."""
    declared = [("data", document.definition.data)]
    declared += [(f"triggers.{name}.data", one.data) for name, one in document.definition.triggers.items()]
    for place, fields in declared:
        for name, field in fields.items():
            for problem in (
                DataRule({name: field}).problems({name: field.default}) if field.default is not None else ()
            ):
                yield Finding(f"{place}.{name}.default", "value-type", problem.message)
                break


def undeclared_changes(document: Document) -> Iterator[Finding]:
    """The second edition changes declared fields only."""
    if document.definition.edition < 2:
        return
    for path, transition, _ in document.transitions:
        names = (
            [(f"{path}.set", name) for name in transition.set or ()]
            if not isinstance(transition.set, str)
            else []
        )
        for n, change in enumerate(transition.change):
            for verb in ("set", "copied", "append", "add", "remove", "increment", "unset"):
                word = "copy" if verb == "copied" else verb
                names += [(f"{path}.change[{n}].{word}", name) for name in getattr(change, verb) or ()]
        for field, name in names:
            if name not in document.definition.data:
                yield Finding(field, "missing-data", f"data.{name} is declared nowhere in 'data'")


def misfit_emissions(document: Document) -> Iterator[Finding]:
    """What is sent to a lifecycle that is known, or opens one, has the fields that its trigger declares."""
    for field, effect in effects_of(document):
        call = effect.open or effect.emit
        if call is None:
            continue
        known = received(document, call)
        if known is None or not isinstance(call.data, Mapping):
            continue
        place = f"{field}.{'open' if effect.open is not None else 'emit'}.data"
        trigger, declared = known
        for name in call.data:
            if name not in declared:
                yield Finding(f"{place}.{name}", "unknown-data", not_received(trigger, declared, name))
        yield from _misfits(declared, call.data, place)


def not_received(trigger: str, declared: Mapping[str, FieldDeclaration], name: str) -> str:
    """That a trigger declares no such field."""
    return f"{trigger} declares no field {name!r}; it has {', '.join(sorted(declared)) or 'none'}"


def _misfits(
    declared: Mapping[str, FieldDeclaration], said: Mapping[str, Any], field: str
) -> Iterator[Finding]:
    """What stands for itself and is not of its field's type; null is nothing, and always fits."""
    for name, value in said.items():
        if name not in declared or value is None or _is_computed(value):
            continue
        for problem in DataRule({name: declared[name]}).problems({name: value}):
            place = f"{field}.{name}"
            hint = _hint(value, declared[name])
            yield Finding(place, "value-type", f"{problem.message}{hint}")
            break


def _is_computed(value: Any) -> bool:
    """Whether any of it is only known when it is decided."""
    if isinstance(value, str):
        return value.startswith("=")
    if isinstance(value, Mapping):
        return any(map(_is_computed, value.values()))
    return isinstance(value, list) and any(map(_is_computed, value))


def _hint(value: Any, declared: FieldDeclaration) -> str:
    if isinstance(value, str) and declared.type not in ("string", "any"):
        return "; an expression begins with '='"
    return ""
