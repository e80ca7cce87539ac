"""What the bearer of an API key may be."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What the bearer of a key is."""

    SYSTEM = "system"
    """Another program: sends events, reads."""
    DESK = "desk"
    """A person of the desk: reads, takes on calls and escalations, and says how they went."""
    OPERATOR = "operator"
    """Whoever runs makegood: sends events, reads, retries dead letters."""
