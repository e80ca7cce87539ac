"""What is wrong with a scenario beyond its form, before anything is played."""

from __future__ import annotations

from collections.abc import Iterator

from state_machines.errors import Problem
from workflow.scenarios.scenario import Scenario


def problems_of(scenario: Scenario) -> Iterator[Problem]:
    """Everything that can be known without playing it."""
    yield from ()
