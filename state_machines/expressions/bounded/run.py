"""One evaluation: what it may still spend, and the ways in which it ends without a value."""

from __future__ import annotations

from typing import Any

MOST_STEPS = 100_000
"""Parts of an expression evaluated, items walked and values compared in one evaluation."""
MOST_BYTES = 4 * 1024 * 1024
"""Of texts, lists and maps that one evaluation makes, about."""
BYTES_OF_A_VALUE = 16

Run = list[Any]
"""A run: the view, the steps and the bytes that are left, then the values of bound variables, by place."""
VIEW, STEPS, BYTES, FIRST_PLACE = 0, 1, 2, 3


class Failed(Exception):
    """The expression has no value for these data; the text says why. An ``||`` may still have one."""


class Spent(Exception):
    """It took more than it may. Nothing in the expression can make up for that."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"takes more than {most:,} {what}, the bound of one evaluation")


def spend_steps(run: Run, steps: int) -> None:
    """Count steps. Raises Spent."""
    run[STEPS] -= steps
    if run[STEPS] < 0:
        raise Spent("steps", MOST_STEPS)


def spend_bytes(run: Run, size: int) -> None:
    """Count bytes of a value that is made. Raises Spent."""
    run[BYTES] -= size
    if run[BYTES] < 0:
        raise Spent("bytes", MOST_BYTES)
