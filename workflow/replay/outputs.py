"""Files that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from state_machines.errors import Problem
from workflow.replay.refusal import ReplayRefused


@contextmanager
def writing(path: Path, option: str) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `path` at the end, and leaves no trace on an exception.

    Raises:
        ReplayRefused: it cannot be written; `option` is the name under which it was given.
    """
    special = path.exists() and not path.is_file()  # a device, a pipe: written into, never replaced
    part = path if special else path.with_name(path.name + ".part")
    try:
        file = part.open("wb")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise ReplayRefused([Problem(option, "writable", message)]) from None
    try:
        with file:
            yield file
        if not special:
            part.replace(path)
    finally:
        if not special:
            part.unlink(missing_ok=True)
