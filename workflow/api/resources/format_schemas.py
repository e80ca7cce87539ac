"""What JSON Schema can say of our own formats: which channels there are, and what a calendar consists of.

Nothing is said here that is stricter than what is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.notices.channels import FORMATS as CHANNEL_FORMATS
from state_machines.notices.channels import known_names
from workflow.api.resources.parameters import ID

_DAYS = {"type": ["object", "null"]}
_HOLIDAYS = {
    "type": "object",
    "properties": {"country": {"type": "string"}, "subdivision": {"type": ["string", "null"]}},
    "required": ["country"],
    "additionalProperties": False,
}
HOURS: Mapping[str, Any] = {
    "type": "object",
    "required": ["zone"],
    "anyOf": [{"required": ["weekly"]}, {"required": ["open"]}],
    "properties": {
        "zone": {"type": "string", "description": "An IANA name, `Europe/Berlin`."},
        "weekly": {
            **_DAYS,
            "description": "By days of the week: `{mon-fri: ['09:00-12:00', '13:00-17:00']}`.",
        },
        "holidays": {
            "anyOf": [_HOLIDAYS, {"type": "array", "items": _HOLIDAYS}, {"type": "null"}],
            "description": "Whose holidays are closed: `{country: DE, subdivision: BE}`, or several.",
        },
        "closed": {"type": ["array", "null"], "description": "Days that are closed besides: `2026-12-24`."},
        "open": {
            **_DAYS,
            "description": "By days with hours of their own: `{'2026-12-19': ['10:00-14:00']}`.",
        },
    },
    "additionalProperties": False,
}
"""A calendar as it is written out."""


def format_schema(format: str | None, type: object) -> dict[str, Any]:
    """What a field of this format takes besides; `type` as its schema has it, None where it says nothing."""
    if format is not None and format in CHANNEL_FORMATS:
        return {"enum": known_names(format)}
    if format == "calendar" and type is None:
        return {"anyOf": [{"type": "string", "pattern": ID}, {"type": "null"}, dict(HOURS)]}
    if format == "calendar" and type == "string":
        return {"pattern": ID}
    if format == "calendar" and type == "object":
        return dict(HOURS)
    return {}
