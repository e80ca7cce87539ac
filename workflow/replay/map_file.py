"""From the text of a map to a `ReplayMap` that fits its lifecycle, or to every problem that it has."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from state_machines.errors import DefinitionError, Problem
from state_machines.form.fields import Fields
from state_machines.form.names import FORMS
from state_machines.form.objections import field_names, objections
from state_machines.form.yaml_document import read_yaml
from workflow.replay import map as map_form
from workflow.replay import map_parts
from workflow.replay.lifecycles import Lifecycles
from workflow.replay.map import EventForm, ReplayMap
from workflow.replay.map_parts import DataRule
from workflow.replay.refusal import ReplayRefused
from workflow.replay.values import Misfit, converter
from workflow.replay.yaml_text import decoded

_KNOWN = sorted({*field_names(map_form), *field_names(map_parts)})

_GIVES: dict[str, tuple[str, ...]] = {
    "string": ("string", "any"),
    "integer": ("integer", "number", "any"),
    "number": ("number", "any"),
    "boolean": ("boolean", "any"),
    "date-time": ("string", "any"),
    "any": ("string", "integer", "number", "boolean", "object", "array", "any"),
}
"""Which declared types a field of the map can serve."""


def read_map(path: Path, lifecycles: Lifecycles) -> ReplayMap:
    """The map in a file, checked against the lifecycles that its triggers are for.

    Raises:
        ReplayRefused: with every problem, each naming file, line, field and rule.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ReplayRefused(
            [Problem("map", "readable", f"cannot be read: {error.strerror}", None, str(path))]
        ) from None
    return parse_map(raw, str(path), lifecycles)


def parse_map(raw: bytes, file: str, lifecycles: Lifecycles) -> ReplayMap:
    """The same from the bytes of a file of this name."""
    try:
        value, lines = read_yaml(decoded(raw, file), file)
    except DefinitionError as error:
        raise ReplayRefused(error.problems) from None
    if not isinstance(value, dict):
        raise ReplayRefused([Problem("map", "type", "a map is a YAML mapping of fields", 1, file)])
    try:
        found = ReplayMap.model_validate(value)
    except ValidationError as error:
        raise ReplayRefused(
            [
                Problem(field or "map", rule, message, lines.of(field), file)
                for field, rule, message in objections(value, error, _KNOWN, FORMS)
            ]
        ) from None
    broken = dict.fromkeys([*_within(found), *_against_lifecycles(found, lifecycles)])
    problems = [Problem(field, rule, message, lines.of(field), file) for field, rule, message in broken]
    if problems:
        raise ReplayRefused(problems)
    return found


def _within(found: ReplayMap) -> Iterator[tuple[str, str, str]]:
    """(field, rule, message) of what the fields of `data` are by themselves and cannot be."""
    for form in found.event_forms():
        for name, rule in form.data.items():
            path = f"{form.paths.get(f'data.{name}', '')}data.{name}"
            yield from _within_field(found, form, path, rule)


def _within_field(
    found: ReplayMap, form: EventForm, path: str, rule: DataRule
) -> Iterator[tuple[str, str, str]]:
    if rule.value is not None:
        try:
            converter(rule, found.log.decimal)(rule.value)
        except Misfit as error:
            yield f"{path}.value", error.rule, str(error)
    elif rule.type == "date-time":
        try:
            found.time_of(rule, form.time)
        except ValidationError as error:
            one = error.errors(include_url=False)[0]
            yield f"{path}.zone", one["type"], one["msg"]


def _against_lifecycles(found: ReplayMap, lifecycles: Lifecycles) -> Iterator[tuple[str, str, str]]:
    """(field, rule, message) of what in a map its lifecycles do not know or do not allow."""
    forms = found.event_forms()
    for form in forms:
        yield from _against_lifecycle(form, lifecycles)
    if found.compare is not None:
        known = {
            trigger
            for form in forms
            if (lifecycle := lifecycles.find(form.lifecycle)) is not None
            for trigger in lifecycle.triggers
        }
        if found.compare.trigger not in known:
            yield "compare.trigger", "unknown-trigger", _no_trigger(found.compare.trigger, known)
        if found.compare.by is not None and not any(found.compare.by in form.data for form in forms):
            yield "compare.by", "unknown-field", f"{found.compare.by!r} is no field of `data`"


def _against_lifecycle(form: EventForm, lifecycles: Lifecycles) -> Iterator[tuple[str, str, str]]:
    lifecycle = lifecycles.find(form.lifecycle)
    if lifecycle is None:
        known = ", ".join(sorted(lifecycles.compiled)) or "none"
        path = f"{form.paths.get('lifecycle', '')}lifecycle"
        if form.lifecycle is None:
            yield path, "required", "no lifecycle was given, and the map names none"
        else:
            message = (
                f"there is no lifecycle {form.lifecycle!r} among those given ({known}) nor in the catalog"
            )
            yield path, "unknown-lifecycle", message
        return
    used = [
        (f"{form.paths.get('triggers', '')}triggers[{index}].trigger", rule.trigger)
        for index, rule in enumerate(form.triggers)
    ]
    if form.opening is not None:
        used.append((f"{form.paths.get('opening', '')}opening.trigger", form.opening.trigger))
    for field, trigger in used:
        if trigger not in lifecycle.triggers:
            yield field, "unknown-trigger", f"{lifecycle.name!r}: {_no_trigger(trigger, lifecycle.triggers)}"
        declared = lifecycle.definition.triggers.get(trigger)
        if declared is not None:
            yield from _against_fields(form, field, trigger, declared.data)


def _no_trigger(trigger: str, known: Iterable[str]) -> str:
    return f"there is no trigger {trigger!r}; there are {', '.join(sorted(known))}"


def _against_fields(
    form: EventForm, field: str, trigger: str, declared: Fields
) -> Iterator[tuple[str, str, str]]:
    for name, declaration in declared.items():
        rule = form.data.get(name)
        if rule is None:
            if declaration.required:
                yield field, "missing-field", f"the trigger {trigger!r} needs {name!r}, which the map lacks"
        elif not _serves(rule, declaration.type, declaration.format):
            wanted = declaration.format or declaration.type
            yield (
                f"{form.paths.get(f'data.{name}', '')}data.{name}.type",
                "field-type",
                f"the trigger {trigger!r} wants {wanted!r}, the map gives {rule.type!r}",
            )


def _serves(rule: DataRule, wanted: str, form: str | None) -> bool:
    if wanted == "any" or rule.type == "any":
        return True
    return wanted in _GIVES[rule.type] and (form != "date-time" or rule.type in ("date-time", "string"))
