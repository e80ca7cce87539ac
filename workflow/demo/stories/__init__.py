"""The stories that can be performed, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from workflow.demo.script import Story
from workflow.demo.stories import (
    story_1_exception_nobody_knew,
    story_2_appointment_that_went,
    story_3_late_callback,
    story_4_what_why_different,
    story_5_ranting_customer,
)

_ALL = (
    story_1_exception_nobody_knew.STORY,
    story_2_appointment_that_went.STORY,
    story_3_late_callback.STORY,
    story_4_what_why_different.STORY,
    story_5_ranting_customer.STORY,
)
STORIES: Mapping[int, Story] = {story.number: story for story in _ALL}
"""By the number that `makegood demo --story` takes."""
