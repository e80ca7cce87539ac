"""Backpressure: while workers decide more slowly than events come, senders are asked to wait (429).

The inbox is looked at in the background, and only while requests come. Its span (the last id less the first)
is never less than the number of rows, and costs a read at each end of an index; only if the span is over the
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
_VALID = 5.0
"""Seconds for which a look counts: a request that comes after a long silence is not judged by an old one."""
_LONGEST_WAIT = 60
_WAIT_UNKNOWN = 10

log = structlog.get_logger(__name__)


class Backpressure:
    """Refuses requests while too many events are undecided, as seen a quarter of a second ago.

    Args:
        max_undecided: how many may be.
    """

    def __init__(self, store: Store, max_undecided: int) -> None:
        self._store = store
        self._max = max_undecided
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._next_at = 0.0
        self._seen_at = -_VALID
        self._full = False
        self._first = 0
        self.waiting = 0
        """Undecided events at the last look; at least as many as there are, up to the limit."""
        self.retry_after = _WAIT_UNKNOWN
        """Seconds after which too many are no longer expected to wait."""

    def check(self) -> None:
        """Raise Refusal (429) while too many are undecided. Never blocks; for the event loop's thread."""
        now = monotonic()
        if now >= self._next_at and not self._wanted.is_set():
            self._look_soon()
        if self._full and now - self._seen_at < _VALID:
            raise busy(
                "backlog", f"{self._max} accepted events wait to be decided", retry_after=self.retry_after
            )

    def close(self) -> None:
        """Stop looking."""
        self._closing = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _look_soon(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="makegood-backpressure", daemon=True)
            self._thread.start()
        self._wanted.set()

    def _run(self) -> None:
        while self._wanted.wait() and not self._closing:
            pause = EVERY
            try:
                pause = self._look()
            except Exception as error:  # requests are admitted meanwhile, and meet the error themselves
                log.warning("the inbox could not be looked at", error=type(error).__name__)
            self._next_at = monotonic() + pause
            self._wanted.clear()
            if self._closing:  # `close` came during the look, and its wake-up was cleared just now
                return

    def _look(self) -> float:
        """Look once; the seconds until the next look."""
        with self._store.connect() as connection:
            first, waiting = inbox_span(connection)
            counted = waiting > self._max
            if counted:
                waiting = undecided_events(connection, self._max + 1)
        now = monotonic()
        self._estimate(now, first, waiting)
        self.waiting, self._seen_at = waiting, now
        if waiting > self._max and not self._full:
            log.warning("too many undecided events: requests are refused", most=self._max)
        self._full = waiting > self._max
        return _EVERY_COUNT if counted else EVERY

    def _estimate(self, now: float, first: int, waiting: int) -> None:
        """Estimate when there is room, by how fast the oldest undecided event moved on."""
        decided, self._first = first - self._first, first
        rate = decided / max(now - self._seen_at, EVERY)
        room = waiting - self._max * 0.9
        self.retry_after = min(_LONGEST_WAIT, max(1, ceil(room / rate))) if rate > 0 else _WAIT_UNKNOWN
