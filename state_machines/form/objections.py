"""What pydantic objects to in a YAML document, as field, rule and sentence."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from types import ModuleType
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core.core_schema import ErrorType

__all__ = ["Objection", "field_names", "objections"]

_RULES = {
    "missing": "required",
    "extra_forbidden": "unknown-field",
    "string_pattern_mismatch": "name-form",
    "literal_error": "choice",
    "too_short": "empty",
    "string_too_short": "empty",
    "too_long": "too-long",
    "string_too_long": "too-long",
    "greater_than": "range",
    "greater_than_equal": "range",
    "less_than": "range",
    "less_than_equal": "range",
    "value_error": "form",
}
"""Pydantic's kinds of errors that have a name of ours; all others of its own are ``type``."""
_WORDS = {
    "dict_type": "Input should be a mapping of fields",
    "model_type": "Input should be a mapping of fields",
    "list_type": "Input should be a list",
    "string_type": "Input should be a text",
}
"""What pydantic says in words of Python."""
_OF_PYDANTIC = frozenset(get_args(ErrorType))


class Objection(NamedTuple):
    """The path of a value, the rule that it breaks, one sentence."""

    field: str
    rule: str
    message: str


def field_names(module: ModuleType) -> list[str]:
    """The names that the fields of all parts of a form have in YAML, for hints."""
    parts = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    return sorted({field.alias or name for part in parts for name, field in part.model_fields.items()})


def objections(
    document: Any,
    error: ValidationError,
    known: Collection[str] = (),
    forms: Mapping[str, tuple[str, str]] | None = None,
) -> list[Objection]:
    """One a field: where a value may have several forms, it fits none of them.

    Args:
        document: what was validated.
        error: what pydantic said of it.
        known: names of fields, for hints.
        forms: by the pattern of a text, the rule that it breaks, and what it should be.
    """
    grouped: dict[str, list[tuple[str, str]]] = {}
    for each in error.errors(include_url=False, include_context=True):
        path = _path(document, each["loc"], each["type"])
        grouped.setdefault(path, []).append(_said(each, known, forms or {}))
    return [
        Objection(field, found[0][0], ", or ".join(dict.fromkeys(message for _, message in found)))
        for field, found in grouped.items()
        if not (all(rule == "type" for rule, _ in found) and any(_inside(field, one) for one in grouped))
    ]


def _inside(field: str, other: str) -> bool:
    """Whether another objection lies within this field: then one of its forms was the one that is meant."""
    return other != field and other.startswith((f"{field}.", f"{field}["))


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


def _said(each: Any, known: Collection[str], forms: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The rule and the sentence of one error."""
    kind, message, value = each["type"], each["msg"], each["input"]
    rule = _RULES.get(kind, "type" if kind in _OF_PYDANTIC else kind.replace("_", "-"))
    name = repr(str(each["loc"][-1])) if each["loc"] else ""
    context = each.get("ctx", {})
    if kind == "missing":
        return rule, f"{name} is missing"
    if kind == "extra_forbidden":
        if each["loc"][-1] in known:
            return rule, f"{name} is no field here, but elsewhere"
        near = difflib.get_close_matches(str(each["loc"][-1]), known, n=1)
        return rule, f"{name} is no field here" + (f"; is {near[0]!r} meant?" if near else "")
    if kind == "string_type" and isinstance(value, bool | int | float | date):
        return rule, f"input should be a text, not {value}: put it in quotes"
    if kind == "string_pattern_mismatch":
        rule, meant = forms.get(context["pattern"], (rule, f"not of the form {context['pattern']}"))
        return rule, f"{value!r} is {meant}"
    if kind == "value_error":
        return rule, str(context["error"])
    message = _WORDS.get(kind, message)
    return rule, message[:1].lower() + message[1:]
