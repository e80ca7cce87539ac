"""What the tests of replays stand on."""

from pathlib import Path

import pytest

from tests.replay.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """An empty stage."""
    return Scene(tmp_path)
