"""Which items of two lists belong beside each other when both are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

_MOST = 40_000
"""Pairs of items that are looked at; in longer lists items stand beside each other by their places."""

Likeness = Callable[[Any, Any], bool]
"""Whether an expected item and a found one are alike."""
Place = tuple[int | None, int | None]


def aligned(expected: Sequence[Any], found: Sequence[Any], *likenesses: Likeness) -> Iterator[Place]:
    """Places of items that belong beside each other, in order; None: the other list has no such item.

    As many items that are alike as possible come together; what lies between them is looked at by the next
    of the likenesses, and after the last of them first stands beside first.
    """
    yield from _aligned(expected, found, (0, len(expected)), (0, len(found)), likenesses)


def _aligned(
    expected: Sequence[Any],
    found: Sequence[Any],
    left: tuple[int, int],
    right: tuple[int, int],
    likenesses: Sequence[Likeness],
) -> Iterator[Place]:
    if not likenesses:
        beside = min(left[1] - left[0], right[1] - right[0])
        yield from ((left[0] + n, right[0] + n) for n in range(beside))
        yield from ((n, None) for n in range(left[0] + beside, left[1]))
        yield from ((None, n) for n in range(right[0] + beside, right[1]))
        return
    a, b = left[0], right[0]
    for one, other in _fitting(expected[slice(*left)], found[slice(*right)], likenesses[0]):
        one, other = one + left[0], other + right[0]
        yield from _aligned(expected, found, (a, one), (b, other), likenesses[1:])
        yield one, other
        a, b = one + 1, other + 1
    yield from _aligned(expected, found, (a, left[1]), (b, right[1]), likenesses[1:])


def _fitting(expected: Sequence[Any], found: Sequence[Any], fits: Likeness) -> list[tuple[int, int]]:
    """The longest common subsequence, as places."""
    rows, columns = len(expected), len(found)
    if rows * columns > _MOST:
        return []
    alike = [[fits(one, other) for other in found] for one in expected]
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    for a in range(rows - 1, -1, -1):
        for b in range(columns - 1, -1, -1):
            beyond = max(longest[a + 1][b], longest[a][b + 1])
            longest[a][b] = longest[a + 1][b + 1] + 1 if alike[a][b] else beyond
    common, a, b = [], 0, 0
    while a < rows and b < columns:
        if alike[a][b]:
            common.append((a, b))
            a, b = a + 1, b + 1
        elif longest[a + 1][b] >= longest[a][b + 1]:
            a += 1
        else:
            b += 1
    return common
