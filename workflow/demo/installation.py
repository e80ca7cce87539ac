"""An installation of the demonstration's own: data directory, ports, and a clock that runs fast."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from workflow.clock import CompressedClock, SystemClock
from workflow.demo.script import Story
from workflow.embedded.ports import why_not_listen
from workflow.settings import NOTHING_LEAVES, Settings, ensure_data_dir

OVERTURE = timedelta(seconds=12)
"""Real time given to the processes to start before the story begins; slower ones make it begin later."""


@dataclass
class Keep:
    """Set `directory` to True to leave the installation's directory behind, as after a failure."""

    directory: bool = False


@contextmanager
def own_directory(settings: Settings) -> Iterator[tuple[Path, Keep]]:
    """A fresh directory `demo-…` in the data directory, removed at the end unless it is to be kept."""
    directory = Path(tempfile.mkdtemp(prefix="demo-", dir=ensure_data_dir(settings)))
    keep = Keep()
    try:
        yield directory, keep
    finally:
        if not keep.directory:
            shutil.rmtree(directory, ignore_errors=True)


def own_settings(settings: Settings, directory: Path, story: Story) -> Settings:
    """The settings of the demonstration: the user's addresses and passwords, but a store, a broker and a
    time of its own. Nothing is sent to anybody, whatever the settings say; a port that is taken is replaced.
    """
    lifecycles = directory / "lifecycles"
    lifecycles.mkdir()
    since = SystemClock().now() + OVERTURE
    return settings.model_copy(
        update={
            "data_dir": directory,
            "database_url": None,
            "broker_url": None,
            "key_prefix": "",
            "lifecycles": lifecycles,
            **NOTHING_LEAVES,
            "clock": CompressedClock(story.begin, since, story.speed).spec(),
            "api_port": _port(settings.api_host, settings.api_port),
            "flower_port": _port(settings.flower_host, settings.flower_port),
        }
    )


def _port(host: str, wished: int) -> int:
    return wished if why_not_listen(host, wished) is None else 0
