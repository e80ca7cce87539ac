"""From what stands in a file to its form; every objection names file, line, field and rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from state_machines.errors import Problem
from state_machines.form.objections import field_names, objections
from workflow.scenarios import document as form
from workflow.scenarios.document import ScenarioDocument
from workflow.scenarios.files import ScenarioFile
from workflow.scenarios.filling import with_plain_values

__all__ = ["form_of"]

_KNOWN = field_names(form)
_FORMS = {
    r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$": ("name-form", "no <lifecycle>.<trigger>, such as 'promise.make'"),
    r"^[a-z][a-z0-9_]*$": ("name-form", "no name: lower-case letters, digits and '_', a letter first"),
    r"^(claim|outcome|decision|case\.[a-z][a-z0-9_]*)$": (
        "choice",
        "nothing that is done at the desk: claim, outcome, decision, or case.<word>",
    ),
    r"^(works|refuses|unknown|busy( P[0-9A-Z.]+)?)$": (
        "choice",
        "no way in which a channel behaves: works, busy, busy PT5M, refuses, unknown",
    ),
    r"^/v1/": ("form", "no resource of the API, such as '/v1/cases/C-9-1/packet'"),
}
"""By the pattern of a text, the rule that it breaks, and what it should be."""
_FILLED = ("given", "steps", "always")


def form_of(file: ScenarioFile, values: Mapping[str, Any]) -> tuple[ScenarioDocument | None, list[Problem]]:
    """The form of a file, where a text that is the name of one of these values is that value already; or what
    is wrong with it.
    """
    said = {
        name: with_plain_values(value, values) if name in _FILLED else value
        for name, value in file.value.items()
    }
    try:
        return ScenarioDocument.model_validate(said), []
    except ValidationError as error:
        return None, [file.problem(*one) for one in objections(said, error, _KNOWN, _FORMS)]
