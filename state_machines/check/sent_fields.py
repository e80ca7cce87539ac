"""Fields that are handed on by name (`share`, `copy`) are declared where they come from and where they go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from state_machines.check.document import Document, Finding
from state_machines.check.effects import effects_by_triggers, received
from state_machines.check.fitting_values import not_received
from state_machines.form.effects import EmitCall, OpenCall
from state_machines.form.fields import FieldDeclaration

_PART_OF = {"number": "integer"}
"""By type, another of which all values are of it, too."""


def handed_on_fields(document: Document) -> Iterator[Finding]:
    """What is sent on is declared here, by our data or by the event, and taken there as what it is."""
    for field, effect, triggers in effects_by_triggers(document):
        for word, call in (("emit", effect.emit), ("open", effect.open)):
            if call is None:
                continue
            for there, here in call.share.items():
                own = document.definition.data.get(here)
                place = f"{field}.{word}.share"
                if own is None:
                    yield Finding(place, "missing-data", f"data.{here} is declared nowhere in 'data'")
                else:
                    yield from _taken(document, call, there, [own], place)
            for there, theirs in call.copied.items():
                place = f"{field}.{word}.copy"
                if brought := _brought(document, triggers, theirs):
                    yield from _taken(document, call, there, brought, place)
                else:
                    yield _brought_by_none(place, theirs, triggers)


def copied_fields(document: Document) -> Iterator[Finding]:
    """What a change copies is brought by the event, and is what the data declare."""
    for path, transition, _ in document.transitions:
        for n, change in enumerate(transition.change):
            for name, theirs in (change.copied or {}).items():
                place = f"{path}.change[{n}].copy"
                brought = _brought(document, transition.triggers, theirs)
                if not brought:
                    yield _brought_by_none(place, theirs, transition.triggers)
                elif name in document.definition.data:
                    yield from _misfits(document.definition.data[name], brought, name, place)


def _brought(document: Document, triggers: Sequence[str], name: str) -> list[FieldDeclaration]:
    declared = (document.brought(trigger).get(name) for trigger in triggers)
    return [one for one in declared if one is not None]


def _brought_by_none(place: str, name: str, triggers: Sequence[str]) -> Finding:
    said = ", ".join(map(repr, triggers))
    message = f"event.data.{name} is declared by no trigger with which this happens: {said}"
    return Finding(place, "missing-data", message)


def _taken(
    document: Document, call: EmitCall | OpenCall, name: str, given: Sequence[FieldDeclaration], place: str
) -> Iterator[Finding]:
    known = received(document, call)
    if known is None:
        return
    trigger, declared = known
    if name not in declared:
        yield Finding(place, "unknown-data", not_received(trigger, declared, name))
    else:
        yield from _misfits(declared[name], given, name, place)


def _misfits(
    wanted: FieldDeclaration, given: Sequence[FieldDeclaration], name: str, place: str
) -> Iterator[Finding]:
    for one in given:
        message = _misfit(wanted, one, name)
        if message is not None:
            yield Finding(place, "value-type", message)
            return


def _misfit(wanted: FieldDeclaration, given: FieldDeclaration, name: str) -> str | None:
    """What may be in the one and not in the other: what no door refuses must not be refused on its way."""
    if wanted.type != "any" and given.type not in ("any", wanted.type, _PART_OF.get(wanted.type)):
        return f"{name!r} is of type {given.type} here, and {wanted.type} is wanted"
    if given.type == "any" or wanted.type == "any":
        return None
    return _wider(wanted, given, name) or _misfit_parts(wanted, given, name)


def _wider(wanted: FieldDeclaration, given: FieldDeclaration, name: str) -> str | None:
    most, least = wanted.max_length, wanted.minimum
    if wanted.format is not None and given.format is None:
        return f"{name!r} is any text here, and one of the form {wanted.format} is wanted"
    if most is not None and (given.max_length is None or given.max_length > most):
        return f"{name!r} may have any length here, and at most {most} characters are wanted"
    if least is not None and (given.minimum is None or given.minimum < least):
        return f"{name!r} may be any number here, and at least {least:g} is wanted"
    if wanted.maximum is not None and (given.maximum is None or given.maximum > wanted.maximum):
        return f"{name!r} may be any number here, and at most {wanted.maximum:g} is wanted"
    if wanted.enum is not None and (given.enum is None or any(one not in wanted.enum for one in given.enum)):
        return (
            f"{name!r} may be anything here, and one of these is wanted: {', '.join(map(str, wanted.enum))}"
        )
    return None


def _misfit_parts(wanted: FieldDeclaration, given: FieldDeclaration, name: str) -> str | None:
    if wanted.items is not None:
        if given.items is not None:
            return _misfit(wanted.items, given.items, f"{name}[]")
        return (
            f"{name!r} holds anything here, and each item of it is wanted to be of type {wanted.items.type}"
        )
    for part, field in (wanted.fields or {}).items():
        own = (given.fields or {}).get(part)
        if own is None:
            return f"{name!r} may have any {part!r} here, which is declared there"
        message = _misfit(field, own, f"{name}.{part}")
        if message is not None:
            return message
    return None
