"""Lengths of time as people write them in a field: 30 min, 2 h, 2 hours, 3 Tage."""

from __future__ import annotations

import re

from state_machines.errors import Problem
from state_machines.values.durations import is_duration
from workflow.errors import InvalidQuery

_LENGTH = re.compile(r"(\d{1,5})\s*([a-zäöü]+)\.?", re.IGNORECASE)
_UNITS = {
    "PT{}M": ("m", "min", "mins", "minute", "minutes", "minuten"),
    "PT{}H": ("h", "hour", "hours", "std", "stunde", "stunden"),
    "P{}D": ("d", "day", "days", "tag", "tage", "tagen"),
    "P{}W": ("w", "week", "weeks", "woche", "wochen"),
}
_BY_UNIT = {unit: form for form, units in _UNITS.items() for unit in units}


_NONE = "is no length of time; write it as 30 min, 2 h or 3 d"


def read_length(text: str, field: str) -> str:
    """As a definition takes it (ISO 8601; it may be written so). Raises InvalidQuery, naming the field."""
    written = written_length(text)
    if not is_duration(written):
        raise InvalidQuery([Problem(field, "length", _NONE)])
    return written


def written_length(text: str) -> str:
    """The same; what cannot be read stays as it is."""
    found = _LENGTH.fullmatch(text)
    form = _BY_UNIT.get(found[2].lower()) if found else None
    return text if found is None or form is None else form.format(found[1])
