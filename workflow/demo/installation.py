"""An installation of the demonstration's own: data directory, ports, and a clock that the story moves."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from state_machines.values.instants import format_instant
from workflow.embedded.ports import why_not_listen
from workflow.sandbox.opening import sandbox_settings
from workflow.settings import Settings, ensure_data_dir


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


def own_settings(settings: Settings, directory: Path, begins: datetime) -> Settings:
    """The settings of the demonstration: the user's addresses and passwords, but a store, a broker and a
    time of its own: a sandbox, from which nothing is sent to anybody. A port that is taken is replaced.
    """
    lifecycles = directory / "lifecycles"
    lifecycles.mkdir()
    own = settings.model_copy(
        update={
            "data_dir": directory,
            "database_url": None,
            "broker_url": None,
            "key_prefix": "",
            "lifecycles": lifecycles,
            "clock": "system",
            "api_port": _port(settings.api_host, settings.api_port),
            "flower_port": _port(settings.flower_host, settings.flower_port),
        }
    )
    return sandbox_settings(own, format_instant(begins))


def _port(host: str, wished: int) -> int:
    return wished if why_not_listen(host, wished) is None else 0
