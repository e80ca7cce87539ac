"""Regular expressions of a map, by RE2: no pattern, whatever it says, takes all day over a row."""

from functools import lru_cache
from typing import Any

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def pattern_fault(text: Any) -> str | None:
    """What is wrong with a pattern, or None: it must be one, with exactly one group."""
    if not isinstance(text, str):
        return f"{text!r} is no text"
    try:
        compiled = _compiled(text)
    except re2.error as error:
        said = error.args[0] if error.args else error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"not a regular expression: {words}"
    if compiled.groups != 1:
        return "must have exactly one group, the part of the text that counts"
    return None


def captured(pattern: str, text: str) -> str | None:
    """What the group of a checked pattern takes of a text; None where the text does not match."""
    match = _compiled(pattern).search(text)
    return None if match is None else match.group(1)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _OPTIONS)
