"""From what stands in a file to its form; every objection names file, line, field and rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from state_machines.errors import Problem
from state_machines.form.objections import field_names, objections
from workflow.scenarios import document as form
from workflow.scenarios.document import ScenarioDocument
from workflow.scenarios.errors import FillingError
from workflow.scenarios.files import ScenarioFile
from workflow.scenarios.filling import Fillings, filled, names_in
from workflow.scenarios.times import NEVER

__all__ = ["form_of"]

_KNOWN = field_names(form)
_FORMS = {
    r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$": ("name-form", "no <lifecycle>.<trigger>, such as 'promise.make'"),
    r"^[a-z][a-z0-9_]*$": ("name-form", "no name: lower-case letters, digits and '_', a letter first"),
    r"^(claim|outcome|decision|case\.[a-z][a-z0-9_]*)$": (
        "choice",
        "nothing that is done at the desk: claim, outcome, decision, or case.<word>",
    ),
    r"^(works|refuses|nobody|unknown|busy( P[0-9A-Z.]+)?)$": (
        "choice",
        "no way in which a channel behaves: works, busy, busy PT5M, refuses, nobody, unknown",
    ),
    r"^/v1/": ("form", "no resource of the API, such as '/v1/cases/C-9-1/packet'"),
}
"""By the pattern of a text, the rule that it breaks, and what it should be."""


def form_of(file: ScenarioFile, values: Mapping[str, Any]) -> tuple[ScenarioDocument | None, list[Problem]]:
    """The form of a file, or what is wrong with it.

    Where the form asks for something else than a text, such as a number, `<name>` is filled in already with
    one of these values.
    """
    try:
        return ScenarioDocument.model_validate(file.value), []
    except ValidationError as error:
        places = {one.field for one in objections(file.value, error)}
    said = _with_values(file.value, "", places, values)
    try:
        return ScenarioDocument.model_validate(said), []
    except ValidationError as error:
        return None, [file.problem(*one) for one in objections(said, error, _KNOWN, _FORMS)]


def _with_values(value: Any, path: str, places: Collection[str], values: Mapping[str, Any]) -> Any:
    """The same, with values at these places."""
    if isinstance(value, str) and path in places and names_in(value) and names_in(value) <= values.keys():
        try:
            return filled(value, Fillings(NEVER, values))
        except FillingError:
            return value
    if isinstance(value, dict):
        inner = f"{path}." if path else ""
        return {key: _with_values(one, f"{inner}{key}", places, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_values(one, f"{path}[{n}]", places, values) for n, one in enumerate(value)]
    return value
