"""Coverage as a picture: the lifecycle, what scenarios took in colour, the rest greyed and dashed."""

from __future__ import annotations

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.diagram import Emphasis, svg
from workflow.scenarios.taken import Taken

_WORDS = ("taken by a scenario", "taken in part", "taken by none")


def coverage_svg(lifecycle: Lifecycle, taken: Taken) -> str:
    """The drawing of a lifecycle with what was taken of it, XML in UTF-8."""
    of_it = taken.of(lifecycle)
    counts = [
        f"{len(found)} of {every} {words}"
        for found, every, words in (
            (of_it.states, len(lifecycle.states), "states entered"),
            (of_it.ways, len(lifecycle.ways), "transitions taken"),
            (of_it.timeouts, len(lifecycle.timeouts), "timeouts fired"),
        )
        if every
    ]
    caption = f"By scenarios: {', '.join(counts)}"
    return svg(lifecycle.definition, Emphasis(of_it.states, of_it.ways, caption, _WORDS))
