"""The header `Prefer` (RFC 7240), of which one preference is understood: `wait`, in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MOST_SECONDS = 10
"""So long a request waits at most, as at the desk: a process that is to end lets its requests finish."""

HEADER = b"prefer"


def parameter(until: str) -> dict[str, Any]:
    """The header for OpenAPI; `until` says in words what is waited for."""
    return {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": f"`wait=5` (RFC 7240): wait up to so many seconds, {MOST_SECONDS} at most, {until}. "
        "Whether that was done is said by `Preference-Applied`.",
        "schema": {"type": "string", "examples": ["wait=5"]},
    }


PARAMETER = parameter("until it is decided")
"""For OpenAPI, where a decision is waited for."""

_PREFERENCE = re.compile(
    r"""\s*(?P<name>[^\s=;,"]+)\s*(?:=\s*(?P<value>"(?:[^"\\]|\\.)*"|[^\s;,"]*))?"""
    r"""\s*(?:;(?:[^,"]|"(?:[^"\\]|\\.)*")*)?(?:,|$)"""
)


def wait_of(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """How many seconds a request prefers to wait; None when it says nothing of that, or nothing understood.

    Of a preference that is said twice the first counts (section 2 of the RFC), and what is not understood is
    ignored.
    """
    values = [value for name, value in headers if name == HEADER]
    if not values:
        return None
    said = b",".join(values).decode("latin-1")
    place = 0
    while place < len(said):
        found = _PREFERENCE.match(said, place)
        if found is None:
            return None
        if found["name"].lower() == "wait":
            seconds = (found["value"] or "").strip('"')
            return min(int(seconds[:9]), MOST_SECONDS) if seconds.isascii() and seconds.isdigit() else None
        place = found.end()
    return None


def applied(seconds: int) -> str:
    """The value of `Preference-Applied` for a wait of so many seconds."""
    return f"wait={seconds}"
