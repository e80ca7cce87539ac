"""The figures that the barometer knows: of which subjects, and what is measured about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflow.engine.registry import Registry
from workflow.errors import NotFound


class Measure(StrEnum):
    """What is told of each group of subjects."""

    OUTCOMES = "outcomes"
    """How many stand in which way, and which share of what fell due was kept."""
    MINUTES = "minutes"
    """How long they took from their opening until they were settled."""
    COUNTS = "counts"
    """How much of what their lifecycle counts each has, such as hand-overs."""
    RECURRING = "recurring"
    """How many there are, how many in as long a time before, and in how many months."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One question that can be asked by name.

    Attributes:
        name: in the path of its resource.
        title: for people.
        lifecycle: whose subjects it counts.
        measure: what it tells of them.
        by: by what it groups them unless asked otherwise.
        kind: only subjects of this kind.
    """

    name: str
    title: str
    lifecycle: str
    measure: Measure
    by: str
    kind: str | None = None


FIGURES = (
    Figure("promises", "Promises kept, late and lapsed", "promise", Measure.OUTCOMES, "team"),
    Figure("first_word", "Minutes to our first word", "promise", Measure.MINUTES, "team", "first_word"),
    Figure("callbacks", "Callbacks in time", "callback", Measure.OUTCOMES, "month"),
    Figure("appointments", "Appointments in their window", "appointment", Measure.OUTCOMES, "month"),
    Figure("escalations", "Escalations", "escalation", Measure.OUTCOMES, "team"),
    Figure("causes", "Recurring causes", "case", Measure.RECURRING, "cause"),
    Figure("hand_overs", "Hand-overs of a case", "case", Measure.COUNTS, "team"),
)
"""What every installation has. Any other lifecycle that declares a barometer is a figure by its own name."""


def figure(name: str, registry: Registry) -> Figure:
    """The figure of this name. Raises NotFound."""
    for one in FIGURES:
        if one.name == name:
            return one
    lifecycle = registry.known(name)
    if lifecycle is None or lifecycle.barometer is None:
        raise NotFound(
            f"figure: there is no {name!r}; there are {', '.join(one.name for one in all_figures(registry))}"
        )
    title = lifecycle.definition.title or name
    return Figure(name, title, name, Measure.OUTCOMES, "month")


def all_figures(registry: Registry) -> list[Figure]:
    """Those of every installation, then its own lifecycles'."""
    shown = {one.lifecycle for one in FIGURES}
    own = [name for name in registry.names() if name not in shown]
    counted = [name for name in own if (known := registry.known(name)) and known.barometer is not None]
    return [*FIGURES, *(figure(name, registry) for name in counted)]
