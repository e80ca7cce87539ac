"""From rounds to figures: medians, ranges, ratios of the same round, and everything a reader must know."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks.figures import Figure, shown, spread
from benchmarks.goals import Goal
from benchmarks.rounds import Reading, Rounds


@dataclass(frozen=True)
class Result:
    """What a contest found.

    Attributes:
        rounds: those that count.
        once: readings of those who took part only once.
        absent: who could not take part, and why.
        load: load average (1 minute) before and after.
        trial: sizes were those of a trial.
    """

    rounds: Rounds
    once: Mapping[str, Reading]
    absent: Mapping[str, str]
    load: tuple[float, float]
    trial: bool = False

    def figure(
        self,
        name: str,
        unit: str,
        *,
        measure: str = "rate",
        ours: str = "makegood",
        bare: str | None = "bare",
        goal: Callable[[Figure], Goal] | None = None,
        notes: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> Figure:
        """One figure out of one measure of the contest; everybody but `ours` and `bare` is a peer.

        `goal` judges the figure as it is without a goal. Raises StatisticsError when `ours` never took part.
        """
        runs = self.rounds.values(ours, measure)
        others = [one for one in self.rounds.contestants() if one not in (ours, bare)]
        peer_runs = {one: values for one in others if (values := self.rounds.values(one, measure))}
        peer_runs |= {one: [reading[measure]] for one, reading in self.once.items() if measure in reading}
        bare_runs = self.rounds.values(bare, measure) if bare is not None else []
        ratios = self.rounds.ratios(ours, bare, measure) if bare is not None else []
        found = Figure(
            name,
            median(runs),
            unit,
            median(bare_runs) if bare_runs else None,
            median(ratios) if ratios else None,
            {one: median(values) for one, values in peer_runs.items()},
            runs,
            notes,
            {"bare_runs": bare_runs, "ratios": ratios, "peer_runs": peer_runs, **(detail or {})},
        )
        return self._told(found, goal(found) if goal is not None else None)

    def only(self, *contestants: str) -> Result:
        """The same rounds with only these: for a contest that measures more than one thing."""
        counted = [
            replace(one, readings={who: what for who, what in one.readings.items() if who in contestants})
            for one in self.rounds.counted
        ]
        once = {who: what for who, what in self.once.items() if who in contestants}
        return replace(self, rounds=replace(self.rounds, counted=counted), once=once)

    def median(self, contestant: str, measure: str) -> float:
        """Of its runs that count. Raises StatisticsError when there are none."""
        return median(self.rounds.values(contestant, measure))

    def alone(
        self,
        name: str,
        unit: str,
        runs: Sequence[float],
        *,
        goal: Goal | None = None,
        notes: str,
        detail: Mapping[str, Any] | None = None,
    ) -> Figure:
        """A figure that was found beside the contest and stands alone."""
        nobody: dict[str, Any] = {"bare_runs": [], "ratios": [], "peer_runs": {}}
        found = Figure(name, median(runs), unit, None, None, {}, runs, notes, nobody | dict(detail or {}))
        return self._told(found, goal)

    def _told(self, found: Figure, goal: Goal | None) -> Figure:
        words = [found.notes] if found.notes else []
        words.append(f"range {found.spread()}")
        for name, values in (("bare", found.detail["bare_runs"]), ("ratios", found.detail["ratios"])):
            if values:
                words.append(f"{name} {spread(values)}")
        words += [f"{who} not measured: {why}" for who, why in self.absent.items()]
        if self.rounds.counted:
            words.append(self._rounds())
        words.append(
            f"load average {self.load[0]:.2f} before, {self.load[1]:.2f} after, {os.cpu_count()} cores"
        )
        detail = dict(found.detail)
        if goal is not None and not self.trial:
            words.append(goal.verdict())
            detail |= {"goal": goal.words, "met": goal.met, "line": goal.line}
        if self.trial:
            words.insert(0, "a trial of small size, which says nothing")
        return replace(found, notes="; ".join(words), detail=detail)

    def _rounds(self) -> str:
        counted, measured = len(self.rounds.counted), self.rounds.measured
        if not self.rounds.conclusive:
            return f"inconclusive: the machine was not steady in {measured} rounds, all of which are counted"
        rulers = {
            name: [one.yardsticks[name] for one in self.rounds.counted]
            for name in self.rounds.counted[0].yardsticks
        }
        beside = ", ".join(f"{name}/s {shown(median(values))}" for name, values in rulers.items())
        return f"{counted} of {measured} rounds counted" + (f" (yardsticks: {beside})" if beside else "")
