"""The stories that can be performed, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from workflow.demo.script import Story
from workflow.demo.stories.story_3_late_callback import STORY as LATE_CALLBACK
from workflow.demo.stories.story_5_ranting_customer import STORY as RANTING_CUSTOMER

STORIES: Mapping[int, Story] = {story.number: story for story in (LATE_CALLBACK, RANTING_CUSTOMER)}
"""By the number that `makegood demo --story` takes."""
