"""Lengths of time as people write them in a field: 30 min, 2 h, 2 hours, 3 Tage."""

from __future__ import annotations

import re

_LENGTH = re.compile(r"(\d{1,5})\s*([a-zäöü]+)\.?", re.IGNORECASE)
_UNITS = {
    "PT{}M": ("m", "min", "mins", "minute", "minutes", "minuten"),
    "PT{}H": ("h", "hour", "hours", "std", "stunde", "stunden"),
    "P{}D": ("d", "day", "days", "tag", "tage", "tagen"),
    "P{}W": ("w", "week", "weeks", "woche", "wochen"),
}
_BY_UNIT = {unit: form for form, units in _UNITS.items() for unit in units}


def written_length(text: str) -> str:
    """As a definition takes it (ISO 8601); what cannot be read stays as it is, to be refused later."""
    found = _LENGTH.fullmatch(text)
    form = _BY_UNIT.get(found[2].lower()) if found else None
    return text if found is None or form is None else form.format(found[1])
