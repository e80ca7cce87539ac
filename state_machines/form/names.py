"""What a name, a list of names and other short texts of a definition may be."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from state_machines.values.written import ExpressionText as Expression


def listed(value: Any) -> Any:
    """One value where a list may stand is a list of one, as in transitions."""
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | dict) else [value]


def _by_name(value: Any) -> Any:
    """Names alone stand for themselves; in a list some may stand beside those that are called otherwise."""
    if isinstance(value, str):
        return {value: value}
    if not isinstance(value, list) or not all(isinstance(one, str | dict) for one in value):
        return value
    return {k: v for one in value for k, v in (one if isinstance(one, dict) else {one: one}).items()}


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
CalendarName = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,62}|=.{1,4000})$")]
"""A calendar by its name, or by an expression after ``=``."""
FieldNames = Annotated[dict[Name, Name], BeforeValidator(_by_name)]
"""Fields to hand on: by the name that they have there, the name that they have here."""
Expressions = Annotated[list[Expression], BeforeValidator(listed)]
Names = Annotated[list[Name], BeforeValidator(listed)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2}|-[0-9]{3}|-[A-Z][a-z]{3})*$")]
"""A BCP 47 tag, such as ``de`` or ``pt-BR``."""
Duration = Annotated[str, Field(min_length=1, max_length=64)]
"""An ISO 8601 duration, written."""
ErrorRule = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""The name of a rule that an error says was broken, such as ``webhook-409``."""
Sender = Literal["outside", "operator", "desk", "family", "timer", "task", "link", "report"]
"""Who an event comes from: another system by its key; whoever runs the installation (or a system whose key
names the trigger); a person at a desk; another subject; a timer of the subject; the receipt of its task;
a signed link; a report of what became of a notice."""
Dimension = Literal["kind", "team", "cause", "part", "channel", "case"]
"""What the barometer groups by."""
Argument = Any
"""A JSON value; every string in it that starts with ``=`` is a CEL expression."""
FORMS: Mapping[str, tuple[str, str]] = {
    "^[a-z][a-z0-9_]{0,62}$": (
        "name-form",
        "no name: lower-case letters, digits and '_', a letter first, at most 63",
    ),
    "^([a-z][a-z0-9_]{0,62}|=.{1,4000})$": (
        "name-form",
        "no name of a calendar: lower-case letters, digits and '_'; nor an expression, which begins with '='",
    ),
    "^[a-z0-9][a-z0-9-]{0,62}$": (
        "name-form",
        "no rule of an error, such as 'webhook-409': lower-case letters, digits and '-'",
    ),
    "^[a-z]{2,3}(-[A-Z]{2}|-[0-9]{3}|-[A-Z][a-z]{3})*$": (
        "name-form",
        "no language, such as 'de' or 'pt-BR'",
    ),
    "^(safe|ask)$|^=": ("choice", "neither 'safe' nor 'ask', nor an expression, which begins with '='"),
}
"""By the pattern of a text, the rule that it breaks, and what it should be."""
