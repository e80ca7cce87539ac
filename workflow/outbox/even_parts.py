"""Parts that are alike: what is left over would cost as much as a full part."""

from __future__ import annotations


def even_part(number: int, most: int) -> int:
    """How many each has of the fewest parts that hold so many, `most` at most each; one at least."""
    parts = -(-number // most)
    return -(-number // parts) if parts else 1
