"""What a figure must show, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A goal in words, whether it was met (None: this session cannot tell), and where a plot draws it.

    `line` is in the figure's own unit.
    """

    words: str
    met: bool | None = None
    line: float | None = None

    def verdict(self) -> str:
        """For the notes."""
        met = {True: "met", False: "missed", None: "not judged here"}[self.met]
        return f"goal: {self.words} ({met})"


def share_of_bare(share: float, bare: float | None, ratio: float | None) -> Goal:
    """At least so much of what bare psycopg (or sqlite3) does in the same session."""
    met = None if ratio is None else ratio >= share
    return Goal(f"at least {share:g} of bare", met, None if bare is None else share * bare)


def at_least(least: float, unit: str, value: float) -> Goal:
    """At least so many."""
    return Goal(f"at least {least:,g} {unit}", value >= least, least)


def at_most(most: float, unit: str, value: float) -> Goal:
    """At most so many."""
    return Goal(f"at most {most:,g} {unit}", value <= most, most)


def all_of(*goals: Goal) -> Goal:
    """Every one of them; the first line is drawn."""
    met = [goal.met for goal in goals]
    verdict = False if False in met else None if None in met else True
    lines = [goal.line for goal in goals if goal.line is not None]
    return Goal("; ".join(goal.words for goal in goals), verdict, lines[0] if lines else None)
