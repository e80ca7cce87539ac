"""What is given up says so in its answers, long before it goes: `Deprecation` (RFC 9745), `Sunset` (8594)."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

_NOTE = "makegood_deprecation"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That a use of the API is given up.

    Attributes:
        since: from when on nobody should begin to use it, UTC.
        sunset: from when on it may be gone, UTC; None: it stays as long as this version of the API.
        successor: the path of what takes its place.
    """

    since: datetime
    sunset: datetime | None
    successor: str

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The header fields that say so."""
        said = {
            "deprecation": f"@{int(self.since.timestamp())}",
            "link": f'<{self.successor}>; rel="successor-version", </docs>; rel="deprecation"',
        }
        if self.sunset is not None:
            said["sunset"] = format_datetime(self.sunset, usegmt=True)
        return [(name.encode(), value.encode()) for name, value in said.items()]


def remember_deprecation(scope: MutableMapping[str, Any], deprecation: Deprecation) -> None:
    """Have the answer to this request say so."""
    scope[_NOTE] = deprecation


def fields_of(scope: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The header fields of a request whose use is given up; none for all others."""
    deprecation: Deprecation | None = scope.get(_NOTE)
    return [] if deprecation is None else deprecation.fields()
