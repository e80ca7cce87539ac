"""The stories are scenarios, the same files that `tests/scenarios` plays; help lists them all."""

from __future__ import annotations

import pytest

from workflow.cli.demo import TITLES
from workflow.demo.stories import story


@pytest.mark.parametrize("number", TITLES)
def test_each_number_of_the_help_is_a_story_that_can_be_played_on_processes(number: int) -> None:
    scenario = story(number)
    assert scenario.file.name.startswith(f"{number}_")
    assert scenario.row is None
    acts = {one.step.act for one in scenario.steps}
    assert not acts & {"task", "channel", "worker"}, "what no process would let itself be told"
