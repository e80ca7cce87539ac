"""Coverage as a picture: the lifecycle, what scenarios took in colour, the rest greyed and dashed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.diagram import Emphasis, svg
from workflow.scenarios.coverage import Coverage
from workflow.scenarios.elements import WrittenLifecycle
from workflow.scenarios.taken import Taken, text_of

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


def pictures(
    coverage: Coverage, taken: Taken, lifecycles: Iterable[WrittenLifecycle]
) -> Iterator[tuple[str, str]]:
    """File name and text of a picture of each lifecycle that a coverage lists: ``loan.svg``.

    Where there are several texts of one name, the version stands in the name, and as much of the digest.
    """
    listed = {(one.lifecycle, one.version) for one in coverage.lifecycles}
    drawn = [one.lifecycle for one in lifecycles]
    drawn = [one for one in drawn if (one.name, one.version) in listed]
    texts = Counter(one.name for one in drawn)
    for one in drawn:
        text = text_of(one)
        name = f"{one.name}-{one.version}-{text.digest[:8]}" if texts[one.name] > 1 else one.name
        yield f"{name}.svg", coverage_svg(one, taken)
