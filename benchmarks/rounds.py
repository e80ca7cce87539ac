"""Rounds: ours, bare, the peers, one after the other, again and again, with a yardstick beside each.

Machines drift, so only what one round measured side by side is compared: the ratio of a figure is the median
of the rounds' ratios. A yardstick measures the machine itself; a round in which it is off its own median
counts for nothing and is measured anew, at most until there were three times as many as were asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

OFF = 0.25
"""By how much a yardstick may be off its median."""
TRIES = 3
"""At most so many times as many rounds as were asked for."""

Reading = Mapping[str, float]
"""What one run measured: by measure (such as `rate`, or `p50` and `p99`), in that measure's unit."""
Contestant = Callable[[], Reading]
"""One run of one contestant, from fresh tables, with its own warm-up thrown away."""
Yardstick = Callable[[], float]
"""What the machine can do at this moment: the more the better."""


class Absent(RuntimeError):
    """A contestant cannot take part on this machine; the message says why and ends up in the notes."""


@dataclass(frozen=True)
class Round:
    """One run of each contestant, and the yardsticks beside it."""

    readings: Mapping[str, Reading]
    yardsticks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Rounds:
    """The rounds that count.

    `conclusive` is False when too few of them had a steady yardstick: then all that were measured are here.
    """

    counted: Sequence[Round]
    measured: int
    conclusive: bool

    def values(self, contestant: str, measure: str) -> list[float]:
        """What it measured in each round in which it took part; nothing if it has no such measure."""
        readings = [one.readings[contestant] for one in self.counted if contestant in one.readings]
        return [reading[measure] for reading in readings if measure in reading]

    def ratios(self, contestant: str, other: str, measure: str) -> list[float]:
        """`contestant` / `other`, of each round in which both took part and the other is not 0."""
        both = [one.readings for one in self.counted if contestant in one.readings and other in one.readings]
        return [
            one[contestant][measure] / one[other][measure] for one in both if one[other].get(measure, 0) != 0
        ]

    def contestants(self) -> list[str]:
        """Everybody who took part at least once, in their order."""
        return list(dict.fromkeys(name for one in self.counted for name in one.readings))


def steady(rounds: Sequence[Round]) -> list[Round]:
    """Those of which every yardstick is within `OFF` of its median over all rounds."""
    names = {name for one in rounds for name in one.yardsticks}
    middle = {
        name: median(one.yardsticks[name] for one in rounds if name in one.yardsticks) for name in names
    }
    return [
        one
        for one in rounds
        if all(abs(value - middle[name]) <= OFF * middle[name] for name, value in one.yardsticks.items())
    ]


def enough(rounds: Iterator[Round], wanted: int) -> Rounds:
    """Take rounds until `wanted` are steady, or `TRIES` times as many were measured; then the steady ones.

    Raises ValueError when `wanted` is not positive.
    """
    if wanted < 1:
        raise ValueError(f"runs: at least 1, not {wanted}")
    measured: list[Round] = []
    for one in rounds:
        measured.append(one)
        good = steady(measured)
        if len(good) >= wanted:
            return Rounds(good[:wanted], len(measured), True)
        if len(measured) >= TRIES * wanted:
            break
    return Rounds(measured, len(measured), False)
