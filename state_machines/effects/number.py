"""How many effects one decision may ask for: each is a row, a message, and an evaluation of its own."""

from __future__ import annotations

from collections.abc import Sized

from state_machines.errors import DecisionError

MOST_OF_ONE = 1_000
"""For so many items, or receivers, one declared effect may stand."""
MOST = 2_000
"""Effects of one decision."""


def check_number(found: Sized, field: str, most: int = MOST_OF_ONE) -> None:
    """Raise DecisionError where there are more than may be."""
    if len(found) > most:
        raise DecisionError(field, "too-many", f"gives {len(found)}; {most} is the bound of one decision")
