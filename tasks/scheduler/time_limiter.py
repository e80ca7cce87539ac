"""The time limiter: what may hang for a minute is waited for for a moment.

A broker that is gone says so at once. One that hangs says nothing, and a client that tries again, or asks one
sentinel after another, waits many times as long as its timeouts say. No deadline may wait with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, TypeVar

from workflow.errors import BrokerUnreachable

T = TypeVar("T")


class TimeLimiter:
    """Carries out calls, one at a time, in a thread of its own, which no end of a process waits for.

    For one calling thread. The thread starts with the first call, and so after a fork.
    """

    def __init__(self, seconds: float) -> None:
        """Waits for `seconds` at most, real ones, for each call."""
        self._seconds = seconds
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: Future[Any] | None = None

    def call(self, act: Callable[[], T]) -> T:
        """What `act()` returns or raises.

        Raises BrokerUnreachable if it takes longer; it is then still carried out, and until that is over
        every other call is refused at once.
        """
        if self._last is not None and not self._last.done():
            raise BrokerUnreachable("the broker has not yet answered what it was asked before")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="makegood-broker", daemon=True)
            self._thread.start()
        answer: Future[T] = Future()
        self._last = answer
        self._calls.put((answer, act))
        wait([answer], self._seconds)
        if not answer.done():
            raise BrokerUnreachable(f"the broker has not answered within {self._seconds:g} s")
        return answer.result()

    def _run(self) -> None:
        while True:
            answer, act = self._calls.get()
            try:
                answer.set_result(act())
            except BaseException as error:
                answer.set_exception(error)
