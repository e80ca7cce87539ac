"""From the text of a map to a `ReplayMap` that fits its lifecycle, or to every problem that it has."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import DefinitionError, Problem
from state_machines.form.fields import Fields
from state_machines.form.names import FORMS
from state_machines.form.objections import field_names, objections
from state_machines.form.yaml_document import read_yaml
from workflow.replay import map as map_form
from workflow.replay.map import DataRule, ReplayMap
from workflow.replay.refusal import ReplayRefused

_KNOWN = field_names(map_form)

_GIVES: dict[str, tuple[str, ...]] = {
    "string": ("string", "any"),
    "integer": ("integer", "number", "any"),
    "number": ("number", "any"),
    "boolean": ("boolean", "any"),
    "date-time": ("string", "any"),
    "any": ("string", "integer", "number", "boolean", "object", "array", "any"),
}
"""Which declared types a field of the map can serve."""


def read_map(path: Path, lifecycle: Lifecycle) -> ReplayMap:
    """The map in a file, checked against the lifecycle that its triggers are for.

    Raises:
        ReplayRefused: with every problem, each naming file, line, field and rule.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ReplayRefused(
            [Problem("map", "readable", f"cannot be read: {error.strerror}", None, str(path))]
        ) from None
    return parse_map(raw, str(path), lifecycle)


def parse_map(raw: bytes, file: str, lifecycle: Lifecycle) -> ReplayMap:
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
    broken = [*_data_times(found), *_against_lifecycle(found, lifecycle)]
    problems = [Problem(field, rule, message, lines.of(field), file) for field, rule, message in broken]
    if problems:
        raise ReplayRefused(problems)
    return found


def decoded(raw: bytes, file: str) -> str:
    """A YAML file's text. Raises ReplayRefused, with the line, where it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: the byte {raw[error.start]:#04x}"
        raise ReplayRefused([Problem("document", "encoding", message, line, file)]) from None


def _data_times(found: ReplayMap) -> Iterator[tuple[str, str, str]]:
    for name, rule in found.data.items():
        if rule.type == "date-time":
            try:
                found.time_of(rule)
            except ValidationError as error:
                one = error.errors(include_url=False)[0]
                yield f"data.{name}.zone", one["type"], one["msg"]


def _against_lifecycle(found: ReplayMap, lifecycle: Lifecycle) -> Iterator[tuple[str, str, str]]:
    """(field, rule, message) of everything in a map that its lifecycle does not know or does not allow."""
    used = [(f"triggers[{index}].trigger", rule.trigger) for index, rule in enumerate(found.triggers)]
    if found.opening is not None:
        used.append(("opening.trigger", found.opening.trigger))
    named = list(used)
    if found.compare is not None:
        named.append(("compare.trigger", found.compare.trigger))
    for field, trigger in named:
        if trigger not in lifecycle.triggers:
            known = ", ".join(sorted(lifecycle.triggers))
            yield field, "unknown-trigger", f"{lifecycle.name!r} has no trigger {trigger!r}; it has {known}"
    if found.compare is not None and found.compare.by is not None and found.compare.by not in found.data:
        yield "compare.by", "unknown-field", f"{found.compare.by!r} is no field of `data`"
    for field, trigger in used:
        declared = lifecycle.definition.triggers.get(trigger)
        if declared is not None:
            yield from _against_fields(found, field, trigger, declared.data)


def _against_fields(
    found: ReplayMap, field: str, trigger: str, declared: Fields
) -> Iterator[tuple[str, str, str]]:
    for name, declaration in declared.items():
        rule = found.data.get(name)
        if rule is None:
            if declaration.required:
                yield field, "missing-field", f"the trigger {trigger!r} needs {name!r}, which the map lacks"
        elif not _serves(rule, declaration.type, declaration.format):
            wanted = declaration.format or declaration.type
            yield (
                f"data.{name}.type",
                "field-type",
                f"the trigger {trigger!r} wants {wanted!r}, the map gives {rule.type!r}",
            )


def _serves(rule: DataRule, wanted: str, form: str | None) -> bool:
    if wanted == "any" or rule.type == "any":
        return True
    return wanted in _GIVES[rule.type] and (form != "date-time" or rule.type in ("date-time", "string"))
