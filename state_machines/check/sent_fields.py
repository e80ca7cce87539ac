"""Fields that are handed on by name (`share`, `copy`) are declared where they come from and where they go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from state_machines.check.document import Document, Finding
from state_machines.check.effects import effects_by_triggers, received
from state_machines.check.fitting_values import not_received
from state_machines.form.effects import EmitCall, OpenCall
from state_machines.form.fields import FieldDeclaration


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
    kinds = {one.type for one in given} - {"any", wanted.type}
    if wanted.type == "number":
        kinds -= {"integer"}
    if kinds and wanted.type != "any":
        message = f"{name!r} is of type {min(kinds)} here, and {wanted.type} is wanted"
        yield Finding(place, "value-type", message)
