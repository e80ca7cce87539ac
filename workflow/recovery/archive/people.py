"""People as a document names them: by their names, not by their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def person(who: Any) -> str | None:
    """The name in an entry of an address book; a plain text stands for itself. None for nobody."""
    if isinstance(who, str):
        return who or None
    if not isinstance(who, Mapping):
        return None
    for name in ("name", "title", "team", "key"):
        if isinstance(who.get(name), str) and who[name]:
            return str(who[name])
    return "somebody without a name" if who else None
