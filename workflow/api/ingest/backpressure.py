"""Back-pressure: who sends faster than workers decide is asked to wait, before anything gets late.

The inbox is looked at in the background, and only while requests come. Its span (the last id less the first)
is never less than what is in it, and costs two looks at the ends of an index; only where the span is over the
limit, rows are counted, and no further than the limit.
"""

from __future__ import annotations

import threading
from math import ceil

import structlog

from workflow.api.http.problems import busy
from workflow.clock import monotonic
from workflow.maintenance.backlog import inbox_span, undecided_events
from workflow.store.port import Store

EVERY = 0.25
"""Seconds between two looks, at least."""
_EVERY_COUNT = 1.0
"""The same when rows had to be counted."""
_BELIEVED = 5.0
"""Seconds for which a look counts: who comes after a long silence is not judged by it."""
_LONGEST_WAIT = 60
_WAIT_UNKNOWN = 10

log = structlog.get_logger(__name__)


class Backpressure:
    """Knows, a quarter of a second late, whether too many events are undecided.

    Args:
        most: so many may be.
    """

    def __init__(self, store: Store, most: int) -> None:
        self._store = store
        self._most = most
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._next_at = 0.0
        self._seen_at = -_BELIEVED
        self._full = False
        self._first = 0
        self.waiting = 0
        """Undecided events at the last look, never too few."""
        self.retry_after = _WAIT_UNKNOWN
        """Seconds in which there will be room again, as far as can be told."""

    def check(self) -> None:
        """Raise Refusal (429) while too many are undecided. Asks nobody; only from the loop's thread."""
        now = monotonic()
        if now >= self._next_at and not self._wanted.is_set():
            self._look_soon()
        if self._full and now - self._seen_at < _BELIEVED:
            raise busy(
                "backlog", f"{self._most} accepted events wait to be decided", retry_after=self.retry_after
            )

    def close(self) -> None:
        """Stop looking."""
        self._closing = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _look_soon(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="makegood-pressure", daemon=True)
            self._thread.start()
        self._wanted.set()

    def _run(self) -> None:
        while self._wanted.wait() and not self._closing:
            pause = EVERY
            try:
                pause = self._look()
            except Exception as error:  # the requests themselves will say so; who does not know lets them in
                log.warning("the inbox could not be looked at", error=type(error).__name__)
            self._next_at = monotonic() + pause
            self._wanted.clear()
            if self._closing:  # said during the look, and its wake-up cleared just now
                return

    def _look(self) -> float:
        """Look once; the seconds until the next look."""
        with self._store.connect() as connection:
            first, waiting = inbox_span(connection)
            counted = waiting > self._most
            if counted:
                waiting = undecided_events(connection, self._most + 1)
        now = monotonic()
        self._estimate(now, first, waiting)
        self.waiting, self._seen_at = waiting, now
        if waiting > self._most and not self._full:
            log.warning("too many undecided events: sent away until there is room", most=self._most)
        self._full = waiting > self._most
        return _EVERY_COUNT if counted else EVERY

    def _estimate(self, now: float, first: int, waiting: int) -> None:
        """By how fast the oldest undecided event moved on."""
        decided, self._first = first - self._first, first
        rate = decided / max(now - self._seen_at, EVERY)
        room = waiting - self._most * 0.9
        self.retry_after = min(_LONGEST_WAIT, max(1, ceil(room / rate))) if rate > 0 else _WAIT_UNKNOWN
