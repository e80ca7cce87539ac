"""The time limiter: what may hang for a minute is waited for for a moment.

A broker that is gone says so at once. One that hangs says nothing, and a client that tries again, or asks one
sentinel after another, waits many times as long as its timeouts say. And what is done beside deadlines needs
tables that they do not need, which somebody may have locked. No deadline may wait with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, TypeVar

import structlog

from workflow.engine.transient_errors import described

T = TypeVar("T")

log = structlog.get_logger(__name__)


class TimeLimiter:
    """Carries out calls, one at a time, in a thread of its own, which no end of a process waits for.

    For one calling thread. The thread starts with the first call, and so after a fork.
    """

    def __init__(self, seconds: float, late: Callable[[str], Exception], name: str) -> None:
        """Waits for `seconds` at most, real ones, for each call.

        Args:
            late: makes, of why, what is raised of one that takes longer.
            name: of the thread.
        """
        self._seconds = seconds
        self._late = late
        self._name = name
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: Future[Any] | None = None

    def call(self, act: Callable[[], T]) -> T:
        """What `act()` returns or raises.

        Raises what `late` makes if it takes longer; it is then still carried out (if it fails, the log tells
        that), and until it is over every other call is refused at once.
        """
        if self._last is not None and not self._last.done():
            raise self._late("what it was asked before is not yet answered")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        answer: Future[T] = Future()
        self._last = answer
        self._calls.put((answer, act))
        wait([answer], self._seconds)
        if not answer.done():
            answer.add_done_callback(_tell)
            raise self._late(f"no answer within {self._seconds:g} s")
        return answer.result()

    def _run(self) -> None:
        while True:
            answer, act = self._calls.get()
            try:
                answer.set_result(act())
            except BaseException as error:
                answer.set_exception(error)


def _tell(answer: Future[Any]) -> None:
    error = answer.exception()
    if error is not None:
        log.warning("what was no longer waited for has failed", error=described(error))
