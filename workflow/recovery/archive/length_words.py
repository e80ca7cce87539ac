"""Lengths of time that a definition reckons with, as readers say them: ``PT1H`` is an hour."""

from __future__ import annotations

import re
from typing import Any

from babel.units import format_unit

_LENGTH = re.compile(r"P(\d{1,5})([DW])|PT(\d{1,5})([HM])")
_UNITS = {"D": "day", "W": "week", "H": "hour", "M": "minute"}


def length_in_words(text: Any, language: str) -> Any:
    """``1 hour`` for ``PT1H``; whatever is no such length comes back as it is."""
    found = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return text
    number, unit = found[1] or found[3], found[2] or found[4]
    return format_unit(int(number), f"duration-{_UNITS[unit]}", locale=language)
