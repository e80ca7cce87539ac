"""A server that runs for as long as a test, or a process of tests, needs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

import pytest

from tests.servers.process import ServerMissing


class _Server(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


Server = TypeVar("Server", bound=_Server)


@contextmanager
def started(make: Callable[[Path], Server], directory: Path) -> Iterator[Server]:
    """One with its files in this directory, which is made; stopped at the end. See `do_without`."""
    directory.mkdir(exist_ok=True)
    try:
        server = make(directory)
    except ServerMissing as error:
        do_without(error)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def do_without(error: ServerMissing) -> NoReturn:
    """Skip the test for what is not installed; where CI=true, fail it."""
    if os.environ.get("CI") == "true":
        raise error
    pytest.skip(str(error))
