"""From the text of a definition to its form; every objection names field, rule, line and file."""

from typing import Any

from pydantic import ValidationError

from state_machines.errors import DefinitionError, Problem
from state_machines.form import definition as form
from state_machines.form.bundle import read_bundle
from state_machines.form.definition import Definition
from state_machines.form.macros import Expansion
from state_machines.form.names import FORMS
from state_machines.form.objections import field_names, objections
from state_machines.form.short_fields import with_whole_fields
from state_machines.form.yaml_document import Lines

__all__ = ["Lines", "parse"]

_SECOND, _THIRD = 2, 3
_KNOWN = field_names(form)
_NO_MAPPING = "input should be a mapping of fields"


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
    if document.get("edition") in (_SECOND, _THIRD):
        document = _in_long(document, lines, file)
    try:
        return Definition.model_validate(document), lines
    except ValidationError as error:
        problems = [
            Problem(field, rule, message, lines.of(field), lines.file_of(field, file))
            for field, rule, message in objections(document, error, _KNOWN, FORMS)
        ]
        raise DefinitionError(_told_apart(document, problems)) from None


def _told_apart(document: dict[str, Any], problems: list[Problem]) -> list[Problem]:
    """Of a document in no edition, or in the short forms without one, what is wrong comes of that alone."""
    said = [one for one in problems if one.field == "edition"]
    if said:
        return said
    if "edition" not in document and any(one.message == _NO_MAPPING for one in problems):
        first = problems[0]
        message = "there is none, and the first has no short forms; begin the definition with `edition: 3`"
        return [Problem("edition", "no-edition", message, first.line, first.file), *problems]
    return problems


def _in_long(document: dict[str, Any], lines: Lines, file: str | None) -> dict[str, Any]:
    """A document of the second or third edition with its short forms and its macros written out.

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
