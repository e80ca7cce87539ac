"""A worker that decides what comes in, while a test waits for it as a client does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workflow.engine.engine import Engine


@contextmanager
def deciding(engine: Engine, workers: int = 1) -> Iterator[None]:
    """So many decide whatever is accepted meanwhile."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.005):
            engine.apply()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
