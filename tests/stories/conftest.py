"""Each story is played on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stories.front_door import Story

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""Ten o'clock in Berlin."""


@pytest.fixture
def story(database_url: str, tmp_path: Path) -> Iterator[Story]:
    """A story that begins on Monday at ten in Berlin, and must end without a notice nobody expected."""
    story = Story(database_url, tmp_path, MONDAY)
    yield story
    story.ends()
    story.close()
