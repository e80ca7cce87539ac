"""Each story is played on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from workflow.demo.script import Story as Script

from tests.stories.front_door import Story
from tests.stories.rehearsal import Rehearsal

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""Ten o'clock in Berlin."""

Perform = Callable[[Script], Story]


@pytest.fixture
def story(database_url: str, tmp_path: Path) -> Iterator[Story]:
    """A story that begins on Monday at ten in Berlin, and must end without a notice nobody expected."""
    story = Story(database_url, tmp_path, MONDAY)
    yield story
    story.ends()
    story.close()


@pytest.fixture
def perform(database_url: str, tmp_path: Path) -> Iterator[Perform]:
    """Plays a script to its end, where all must be as it should; gives the story as it stands then."""
    with ExitStack() as played:

        def to_the_end(script: Script) -> Story:
            rehearsal = Rehearsal(script, database_url, tmp_path)
            played.enter_context(closing(rehearsal.stage))
            assert {one.name: one.words for one in rehearsal.verdict() if not one.well} == {}
            return rehearsal.stage

        yield to_the_end
