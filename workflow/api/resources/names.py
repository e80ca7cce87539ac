"""Names in the OpenAPI document: stable, and each there once, whatever lifecycles and triggers are called."""

from __future__ import annotations

from collections.abc import Iterable


class UniqueNames:
    """Gives names that have not been given yet.

    Of two that would be alike the later one gets a number: that takes lifecycles whose names run into each
    other, such as trigger `b_c` of `a` and trigger `c` of `a_b`.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """This name, or this with a number."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


def in_one_word(*names: str) -> str:
    """`promise`, `take_over` as `PromiseTakeOver`."""
    return "".join(part.capitalize() for name in names for part in name.split("_") if part)
