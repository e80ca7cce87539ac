"""Ids of rows, as a message brings them: anybody may have sent it."""

from __future__ import annotations

_MOST_IDS = 1000
_LARGEST = 2**63


def are_rows(ids: object) -> bool:
    """Whether this is a list of what may be ids of rows."""
    if not isinstance(ids, list) or len(ids) > _MOST_IDS:
        return False
    return all(isinstance(one, int) and 0 < one < _LARGEST for one in ids)
