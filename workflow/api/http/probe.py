"""A probe: a question that may hang, asked without keeping anybody waiting for long."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import Generic, TypeVar

from workflow.clock import monotonic

Answer = TypeVar("Answer")


class Probe(Generic[Answer]):
    """Asks in a thread of its own, which no end of a process waits for; one question at a time.

    For any thread.
    """

    def __init__(self, ask: Callable[[], Answer], *, patience: float, keep: float) -> None:
        """`ask` may block for as long as it likes.

        Args:
            patience: seconds that a caller waits for an answer.
            keep: seconds for which one is believed.
        """
        self._ask = ask
        self._patience = patience
        self._keep = keep
        self._lock = Lock()
        self._asked: Future[Answer] | None = None
        self._asked_at = 0.0

    def answer(self) -> Answer | None:
        """What is known now; None: there is no answer yet. Raises what `ask` raised."""
        with self._lock:
            if self._asked is None or (self._asked.done() and monotonic() - self._asked_at > self._keep):
                self._asked, self._asked_at = Future(), monotonic()
                Thread(target=self._run, args=(self._asked,), name="makegood-probe", daemon=True).start()
            asked = self._asked
        wait([asked], self._patience)
        return asked.result() if asked.done() else None

    def _run(self, asked: Future[Answer]) -> None:
        try:
            asked.set_result(self._ask())
        except BaseException as error:
            asked.set_exception(error)
