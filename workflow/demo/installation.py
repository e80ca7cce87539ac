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
from workflow.broker.app import celery_app
from workflow.embedded.ports import why_not_listen
from workflow.errors import SettingsError
from workflow.sandbox.opening import sandbox_settings
from workflow.settings import PREFIX, Settings, ensure_data_dir

_ANSWER_SECONDS = 1.0


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


def own_settings(
    settings: Settings, directory: Path, begins: datetime, *, broker_as_set: bool = False
) -> Settings:
    """The settings of the demonstration: the user's addresses and passwords, but a store, a broker and a
    time of its own: a sandbox, from which nothing is sent to anybody. A port that is taken is replaced.

    With `broker_as_set` it has the user's broker, too. Raises SettingsError when there is none, or workers
    answer there already: they would take its messages.
    """
    if broker_as_set:
        _refuse_taken(settings)
    lifecycles = directory / "lifecycles"
    lifecycles.mkdir()
    own = settings.model_copy(
        update={
            "data_dir": directory,
            "database_url": None,
            "broker_url": settings.broker_url if broker_as_set else None,
            "key_prefix": settings.key_prefix if broker_as_set else "",
            "lifecycles": lifecycles,
            "clock": "system",
            "api_port": _port(settings.api_host, settings.api_port),
            "flower_port": _port(settings.flower_host, settings.flower_port),
        }
    )
    return sandbox_settings(own, format_instant(begins))


def _refuse_taken(settings: Settings) -> None:
    if settings.broker_url is None:
        raise SettingsError(f"{PREFIX}BROKER_URL: not set, and the demonstration is to run on it")
    answers = celery_app(settings).control.ping(timeout=_ANSWER_SECONDS)
    if answers:
        names = ", ".join(sorted(name for answer in answers for name in answer))
        raise SettingsError(f"{PREFIX}BROKER_URL: is not the demonstration's alone: {names} works there")


def _port(host: str, wished: int) -> int:
    return wished if why_not_listen(host, wished) is None else 0
