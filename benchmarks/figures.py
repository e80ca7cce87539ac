"""A figure and how it was found: several runs, their median and range, never a single shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the results, and one plot.

    Attributes:
        figure: its name.
        value: median of `runs`, in `unit`.
        bare: median of the same work done without makegood, in the same session; None: there is no such.
        ratio: median over the runs of value / bare of the same round; None without `bare`.
        peers: medians of others in the same session, by name.
        runs: every run that counts, in order.
        notes: how it was measured, its range, the machine's load, whether the goal was met: for people.
        detail: what plots and pages need beside that: `goal`, `met`, `line`, `bare_runs`, `ratios`, `plot`.
    """

    figure: str
    value: float
    unit: str
    bare: float | None
    ratio: float | None
    peers: Mapping[str, float]
    runs: Sequence[float]
    notes: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it is written to a file: eight keys that are promised, and `detail`."""
        return {
            "figure": self.figure,
            "value": self.value,
            "unit": self.unit,
            "bare": self.bare,
            "ratio": self.ratio,
            "peers": dict(self.peers),
            "runs": list(self.runs),
            "notes": self.notes,
            "detail": dict(self.detail),
        }

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Figure:
        """Back from a file. Raises TypeError for a key that is missing or unknown."""
        return cls(**read)

    def spread(self) -> str:
        """The range of the runs, as people read it."""
        return spread(self.runs)


def spread(values: Sequence[float]) -> str:
    """The range of several values, as people read it."""
    return f"{shown(min(values))}..{shown(max(values))}" if len(values) > 1 else "one run"


def shown(value: float) -> str:
    """Three figures are enough."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, by nearest rank. Raises IndexError for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
