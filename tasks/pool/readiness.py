"""Whether the processes of a worker can decide: each says so over one pipe, the worker waits for all of them.

Celery calls a worker ready as soon as it consumes, whatever the processes of its pool have to open yet. Every
deadline of that time would be late.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from contextlib import suppress

from workflow.clock import monotonic

_YES, _NO, _NOT_NOW = b"+", b"-", b"?"
_LOOK_SECONDS = 0.1
_MANY = 4096


class Readiness:
    """The pipe of one worker, opened before it starts any process."""

    def __init__(self) -> None:
        self.worker = os.getpid()
        """Process id of the worker."""
        self._reader, self._descriptor = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._descriptor, False)

    def say(self, can: bool, *, for_now: bool = False) -> None:
        """In a process that the worker forked: it can decide, or not; `for_now`: it may come to that."""
        with suppress(BrokenPipeError, BlockingIOError):
            os.write(self._descriptor, _YES if can else _NOT_NOW if for_now else _NO)

    def is_given_up(self) -> bool:
        """In the worker, after the start: whether a process has said since that it will never decide."""
        with suppress(BlockingIOError):
            return _NO in os.read(self._reader, _MANY)
        return False

    def wait(self, processes: int, seconds: float, meanwhile: Callable[[], object]) -> str | None:
        """In the worker: wait until so many processes can decide; None, or what is wrong.

        `meanwhile` is called now and then and may raise. Nobody waits a second time.
        """
        deadline, can = monotonic() + seconds, 0
        while can < processes:
            meanwhile()
            if monotonic() > deadline:
                return f"only {can} of {processes} processes could decide within {seconds:g} s"
            if select.select([self._reader], [], [], _LOOK_SECONDS)[0]:
                said = os.read(self._reader, processes)
                if _NO in said or _NOT_NOW in said:
                    return "a process cannot decide; it says above why"
                can += said.count(_YES)
        return None

    def close(self) -> None:
        """Of a worker that never was."""
        os.close(self._reader)
        os.close(self._descriptor)


_here: Readiness | None = None


def prepare() -> Readiness:
    """In the worker, before it starts any process."""
    global _here
    _here = Readiness()
    return _here


def of_this_worker() -> Readiness | None:
    """The one that this process inherited; None where no worker was started."""
    return _here
