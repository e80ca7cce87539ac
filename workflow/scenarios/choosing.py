"""Which of the scenarios are played, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from state_machines.errors import Problem
from workflow.scenarios.errors import ScenarioError
from workflow.scenarios.report import shown_path
from workflow.scenarios.scenario import Scenario


def chosen(scenarios: Sequence[Scenario], only: str | None, tags: Collection[str]) -> list[Scenario]:
    """Those whose title or file has the words `only`, in upper or lower case, and that have one of the tags.

    None and no tags: all of them. Raises ScenarioError where none is left.
    """
    words = (only or "").casefold()
    named = [one for one in scenarios if words in f"{one.title}\n{shown_path(one.file)}".casefold()]
    if not named:
        message = f"no scenario has {only!r} in its title or file"
        raise ScenarioError([Problem("--only", "no-scenario", message)])
    tagged = [one for one in named if not tags or not set(tags).isdisjoint(one.tags)]
    if not tagged:
        known = ", ".join(sorted({tag for one in named for tag in one.tags})) or "none"
        message = f"no scenario has the tag {' or '.join(sorted(tags))}; there are: {known}"
        raise ScenarioError([Problem("--tag", "no-scenario", message)])
    return tagged


def shuffled(scenarios: Sequence[Scenario], seed: int) -> list[Scenario]:
    """In random order; by the same seed the same one."""
    order = list(scenarios)
    Random(seed).shuffle(order)
    return order
