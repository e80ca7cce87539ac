"""One supervisor at a time in a data directory: two would share one SQLite file and one broker's place."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workflow.errors import AlreadyRunning


@contextmanager
def sole_supervisor(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this process; the system releases it even if the process is killed.

    Raises AlreadyRunning, with the id of the process that holds it.
    """
    with (data_dir / "lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f"another makegood (process {file.read().strip() or 'unknown'}) is running in {data_dir}; "
                "end it first, or set MAKEGOOD_DATA_DIR to another directory"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
