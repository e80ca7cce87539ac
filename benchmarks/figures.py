"""A figure and how it was found: several runs, their median and range, never a single shot."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the results.

    Attributes:
        figure: its name.
        value: median of `runs`, in `unit`.
        runs: every run, in order.
        bare: the same rows written without makegood, where that was measured in the same session.
        ratio: median over the runs of value / bare of the same round.
        peers: other systems' medians in the same session, by name.
    """

    figure: str
    unit: str
    runs: Sequence[float]
    bare: float | None = None
    ratio: float | None = None
    peers: dict[str, float] = field(default_factory=dict)
    notes: str = ""

    @property
    def value(self) -> float:
        """The median run."""
        return median(self.runs)

    def to_json(self) -> dict[str, Any]:
        """As it is written to a file."""
        return {**asdict(self), "runs": list(self.runs), "value": self.value}

    def spread(self) -> str:
        """The range of the runs, as people read it."""
        return f"{shown(min(self.runs))}..{shown(max(self.runs))}" if len(self.runs) > 1 else "one run"


def shown(value: float) -> str:
    """Three figures are enough."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
