"""From the text of a definition to its form; every objection names field, rule, line and file."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from state_machines.errors import DefinitionError, Problem
from state_machines.form import definition as form
from state_machines.form.bundle import read_bundle
from state_machines.form.definition import Definition
from state_machines.form.macros import Expansion
from state_machines.form.short_fields import with_whole_fields
from state_machines.form.yaml_document import Lines

__all__ = ["Lines", "parse"]

_SECOND = 2
_RULES = {
    "missing": "required",
    "extra_forbidden": "unknown-field",
    "string_pattern_mismatch": "name-form",
    "literal_error": "choice",
    "too_short": "empty",
    "string_too_short": "empty",
    "string_too_long": "too-long",
    "greater_than": "range",
    "greater_than_equal": "range",
    "less_than": "range",
    "less_than_equal": "range",
}
"""Pydantic's kinds of errors that have a name of ours; all others are ``type``."""

_PARTS: tuple[type[BaseModel], ...] = tuple(
    part for part in vars(form).values() if isinstance(part, type) and issubclass(part, BaseModel)
)
_KNOWN = sorted({field.alias or name for part in _PARTS for name, field in part.model_fields.items()})


def parse(text: str, file: str | None = None) -> tuple[Definition, Lines]:
    """Read a definition from the text of its bundle.

    Args:
        text: the YAML, decoded: the definition, then its words in further documents.
        file: its name, for the problems.

    Returns:
        The definition and the line of every field.

    Raises:
        DefinitionError: it is no such YAML (one problem), or not of the form (all problems).
    """
    document, lines = read_bundle(text, file)
    if not isinstance(document, dict):
        problem = Problem("document", "type", "a definition is a mapping of fields", lines.of(""), file)
        raise DefinitionError([problem])
    if document.get("edition") == _SECOND:
        document = _in_long(document, lines, file)
    try:
        return Definition.model_validate(document), lines
    except ValidationError as error:
        problems = [
            Problem(field, rule, message, lines.of(field), lines.file_of(field, file))
            for field, rule, message in _objections(document, error)
        ]
        raise DefinitionError(problems) from None


def _in_long(document: dict[str, Any], lines: Lines, file: str | None) -> dict[str, Any]:
    """A document of the second edition with its short forms and its macros written out.

    Raises:
        DefinitionError: everything that is wrong with these.
    """
    expansion = Expansion()
    document = with_whole_fields(expansion.written_out(document), expansion.problems)
    if expansion.problems:
        raise DefinitionError(
            [
                Problem(field, rule, message, lines.of(field), file)
                for field, rule, message in expansion.problems
            ]
        )
    return document


def _objections(document: Any, error: ValidationError) -> list[tuple[str, str, str]]:
    """Field, rule and sentence, one a field: where a value may have several forms, it fits none of them."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for each in error.errors(include_url=False, include_context=True):
        path = _path(document, each["loc"], each["type"])
        sentence = _sentence(each["type"], each["msg"], each["loc"], each["input"])
        grouped.setdefault(path, []).append((_RULES.get(each["type"], "type"), sentence))
    return [
        (field, found[0][0], _either(message for _, message in found)) for field, found in grouped.items()
    ]


def _path(document: Any, location: Sequence[int | str], kind: str) -> str:
    """The path of a value in the document. Pydantic puts names of types in between; those are no fields."""
    path, value = "", document
    for step in location:
        if isinstance(step, int) and isinstance(value, list) and step < len(value):
            path, value = f"{path}[{step}]", value[step]
        elif isinstance(value, dict) and step in value:
            path, value = _join(path, str(step)), value[step]
    return _join(path, str(location[-1])) if kind == "missing" else path


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _sentence(kind: str, message: str, location: Sequence[int | str], value: Any) -> str:
    if kind == "missing":
        return f"{location[-1]!r} is missing"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), _KNOWN, n=1)
        return f"{str(location[-1])!r} is no field here" + (f"; is {near[0]!r} meant?" if near else "")
    if kind == "string_pattern_mismatch" and "not_on" in location:
        return f"{value!r} is no rule of an error, such as 'webhook-409': lower-case letters, digits and '-'"
    if kind == "string_pattern_mismatch":
        return f"{value!r} is no name: lower-case letters, digits and '_', a letter first, at most 63"
    return message[:1].lower() + message[1:]


def _either(sentences: Iterable[str]) -> str:
    return ", or ".join(dict.fromkeys(sentences))
