"""Every story that can be performed ends as it should, and has a name and a number of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.demo.virtual import Rehearsal
from workflow.demo.stories import STORIES


@pytest.mark.parametrize("number", sorted(STORIES))
def test_every_story_ends_as_it_should(number: int, tmp_path: Path) -> None:
    rehearsal = Rehearsal(STORIES[number], tmp_path)
    try:
        wrong = {result.name: result.words for result in rehearsal.verdict() if not result.well}
    finally:
        rehearsal.stage.close()
    assert wrong == {}


def test_they_are_the_five_stories() -> None:
    assert sorted(STORIES) == [1, 2, 3, 4, 5]
    assert all(story.number == number for number, story in STORIES.items())
