"""From the text of a route to a `Route`, or to every problem that it has, by file, line, field and rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import OPERATOR, OUTSIDE, refused_sender
from state_machines.errors import DefinitionError, Problem
from state_machines.form.names import FORMS as NAME_FORMS
from state_machines.form.objections import field_names, objections
from state_machines.form.yaml_document import LARGEST, Lines, read_yaml
from workflow.hooks import form as route_form
from workflow.hooks import signing_form
from workflow.hooks.compiling import compile_route
from workflow.hooks.form import FORMS, EventRule, RouteForm
from workflow.hooks.route import Route

_KNOWN = sorted({*field_names(route_form), *field_names(signing_form)})
_FORMS = {**NAME_FORMS, **FORMS}


class Definitions(Protocol):
    """Finds the newest definition of a lifecycle by its name."""

    def find(self, name: str) -> Lifecycle | None:
        """None where there is none."""


def is_route(text: str) -> bool:
    """Whether a YAML text is a route: its first field is `route`."""
    for line in text.splitlines():
        said = line.strip()
        if said and not said.startswith(("#", "---", "%")):
            return said.startswith("route:")
    return False


def read_route(path: Path, definitions: Definitions | None = None) -> Route:
    """The route in a file. Raises DefinitionError with all that is wrong, against the definitions, too, if
    given."""
    name = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise DefinitionError([Problem("route", "no-file", message, None, name)]) from None
    if len(raw) > LARGEST:
        message = f"a route has at most {LARGEST // 1024} KiB"
        raise DefinitionError([Problem("route", "too-large", message, None, name)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: byte 0x{raw[error.start]:02X} at offset {error.start}"
        raise DefinitionError([Problem("route", "utf-8", message, line, name)]) from None
    return parse_route(text, name, definitions)


def parse_route(text: str, file: str, definitions: Definitions | None = None) -> Route:
    """The same from the text of a file of this name."""
    value, lines = read_yaml(text, file)
    if not isinstance(value, dict):
        raise DefinitionError([Problem("route", "type", "a route is a YAML mapping of fields", 1, file)])
    try:
        found = RouteForm.model_validate(value)
    except ValidationError as error:
        raise DefinitionError(
            [
                Problem(field or "route", rule, message, lines.of(field), file)
                for field, rule, message in objections(value, error, _KNOWN, _FORMS)
            ]
        ) from None
    route, compilation = compile_route(found)
    problems = [_placed(one, lines, file) for one in compilation.problems]
    if definitions is not None:
        problems += [_placed(one, lines, file) for one in _against(found, definitions)]
    if problems:
        raise DefinitionError(problems)
    return route


def _placed(problem: Problem, lines: Lines, file: str) -> Problem:
    return Problem(problem.field, problem.rule, problem.message, lines.of(problem.field), file)


def _against(form: RouteForm, definitions: Definitions) -> Iterator[Problem]:
    """What the lifecycles do not know, or do not take from another system."""
    for c, case in enumerate(form.cases):
        for n, event in enumerate(case.events):
            yield from _against_lifecycle(event, f"cases[{c}].events[{n}]", definitions)


def _against_lifecycle(event: EventRule, field: str, definitions: Definitions) -> Iterator[Problem]:
    name, _, trigger = event.type.partition(".")
    lifecycle = definitions.find(name)
    if lifecycle is None:
        yield Problem(f"{field}.type", "unknown-lifecycle", f"there is no lifecycle {name!r}")
        return
    if trigger not in lifecycle.triggers:
        known = ", ".join(sorted(lifecycle.triggers))
        yield Problem(
            f"{field}.type", "unknown-trigger", f"{name!r} has no trigger {trigger!r}; it has {known}"
        )
        return
    refused = refused_sender(lifecycle.senders, trigger, OUTSIDE)
    if refused is not None and OPERATOR not in lifecycle.senders[trigger]:
        yield Problem(f"{field}.type", "from", refused)
    declared = lifecycle.definition.triggers.get(trigger)
    if declared is None:
        return
    fields: Mapping[str, Any] = declared.data
    for one, declaration in fields.items():
        if declaration.required and one not in event.data:
            message = f"the trigger {trigger!r} needs {one!r}, which the route does not give"
            yield Problem(f"{field}.data", "missing-field", message)
    for one in event.data:
        if fields and one not in fields:
            known = ", ".join(fields)
            yield Problem(
                f"{field}.data.{one}", "unknown-field", f"{event.type!r} brings no {one!r}, but {known}"
            )
