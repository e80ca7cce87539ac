"""A worker that decides what comes in, while a test waits for it as a client does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workflow.engine.engine import Engine


@contextmanager
def deciding(engine: Engine) -> Iterator[None]:
    """Decide whatever is accepted meanwhile."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            engine.apply()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
