"""Where the processes of one API keep what they count: files of the Prometheus client's making."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def shared_meters() -> Iterator[Path]:
    """The directory of these files, for as long as this lasts.

    To be entered before anything imports the client, which looks for it once, in the environment.
    """
    with TemporaryDirectory(prefix="makegood-counters-") as directory:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        yield Path(directory)
