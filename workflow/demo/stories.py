"""The stories that can be performed: scenarios, the same files that the tests play."""

from __future__ import annotations

from pathlib import Path

from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.scenario import Scenario

_FOLDERS = (
    Path(__file__).parent / "stories",  # in a wheel
    Path(__file__).parents[2] / "tests" / "scenarios" / "stories",  # in a checkout
)


def story(number: int) -> Scenario:
    """The story of this number, from 1 to 5. Raises ScenarioError when its file is not as it should be."""
    file = next(file for folder in _FOLDERS for file in folder.glob(f"{number}_*.yaml"))
    (scenario,) = read_scenarios([file])
    return scenario
