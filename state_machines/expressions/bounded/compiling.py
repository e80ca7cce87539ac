"""From expressions to functions of the view: lines of Python are written and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from state_machines.expressions.bounded.translation import Translation
from state_machines.expressions.bounded.variables import Part


class Compiled(NamedTuple):
    """A function of the view, and whether what it gives is JSON for sure."""

    function: Callable[[Any], Any]
    json: bool


def compiled(part: Part) -> Compiled:
    """The function of an expression."""
    translation = Translation()
    value = translation.whole(part)
    return Compiled(translation.function(value), value.json)


def compiled_together(shape: Any) -> Callable[[Any], Any]:
    """One function for several expressions: it gives the JSON value that they stand in.

    What it raises does not say which one of them failed.

    Args:
        shape: a JSON value with a `Part` in each place that is found at a decision; what leads nowhere is
            left out.
    """
    translation = Translation()
    return translation.function(translation.shaped(shape))
