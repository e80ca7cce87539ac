"""Which of the things that happened are those that were expected, where each may be one only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Expected = TypeVar("Expected")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Pairing(Generic[Expected, Found]):
    """What was expected and did not happen, and what happened and was not expected, by their places."""

    missing: tuple[int, ...]
    extra: tuple[int, ...]


def pair(
    expected: Sequence[Expected], found: Sequence[Found], fits: Callable[[Expected, Found], bool]
) -> Pairing[Expected, Found]:
    """Give as many expectations as can be one thing each that fits it.

    An expectation that says little must not take what another one alone can use, so earlier pairs are broken
    up where that helps (augmenting paths, H. W. Kuhn 1955).
    """
    fitting = [[place for place, one in enumerate(found) if fits(wanted, one)] for wanted in expected]
    taken: dict[int, int] = {}

    def give(wanted: int, seen: set[int]) -> bool:
        for place in fitting[wanted]:
            if place in seen:
                continue
            seen.add(place)
            if place not in taken or give(taken[place], seen):
                taken[place] = wanted
                return True
        return False

    missing = tuple(wanted for wanted in range(len(expected)) if not give(wanted, set()))
    return Pairing(missing, tuple(place for place in range(len(found)) if place not in taken))
