"""Every story that can be performed has a number of its own; `tests/stories` plays each to its end."""

from __future__ import annotations

from workflow.demo.stories import STORIES


def test_they_are_the_five_stories() -> None:
    assert sorted(STORIES) == [1, 2, 3, 4, 5]
    assert all(story.number == number for number, story in STORIES.items())
