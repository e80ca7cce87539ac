"""One evaluation: what it may still spend, and the ways in which it ends without a value."""

from __future__ import annotations

from typing import NoReturn

MOST_STEPS = 100_000
"""Parts of an expression evaluated, items walked and values compared in one evaluation."""
MOST_BYTES = 4 * 1024 * 1024
"""Of texts, lists and maps that one evaluation makes, about."""
BYTES_OF_A_VALUE = 16

Run = list[int]
"""A run: the steps and the bytes that are left."""
STEPS, BYTES = 0, 1


class Failed(Exception):
    """The expression has no value for these data; the text says why. An ``||`` may still have one."""


class Spent(Exception):
    """It took more than it may. Nothing in the expression can make up for that."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"takes more than {most:,} {what}, the bound of one evaluation")


TOO_DEEP = "the data nest too deeply to be gone through"
"""What a RecursionError says: the depth of data is bounded at the door, and may grow in a subject."""


def fail(message: str) -> NoReturn:
    """Raises Failed."""
    raise Failed(message)


def out_of_steps() -> Spent:
    """What is raised where no steps are left."""
    return Spent("steps", MOST_STEPS)


def out_of_bytes() -> Spent:
    """What is raised where no bytes are left."""
    return Spent("bytes", MOST_BYTES)


def new_run() -> Run:
    """A run that has spent nothing."""
    return [MOST_STEPS, MOST_BYTES]


def spend_steps(run: Run, steps: int) -> None:
    """Count steps. Raises Spent."""
    run[STEPS] -= steps
    if run[STEPS] < 0:
        raise out_of_steps()


def spend_bytes(run: Run, size: int) -> None:
    """Count bytes of a value that is made. Raises Spent."""
    run[BYTES] -= size
    if run[BYTES] < 0:
        raise out_of_bytes()
