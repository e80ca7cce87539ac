"""The stories that can be performed: scenarios, the same files that the tests play."""

from __future__ import annotations

from pathlib import Path

from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.scenario import Scenario

_PACKAGED = Path(__file__).parent / "stories"
_CHECKOUT = Path(__file__).parents[2] / "tests" / "scenarios" / "stories"


def story(number: int) -> Scenario:
    """The story of this number, from 1 to 5. Raises ScenarioError when its file is not as it should be."""
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    (file,) = folder.glob(f"{number}_*.yaml")
    (scenario,) = read_scenarios([file])
    return scenario
