"""The change feed: everybody in a process who follows the ledger, and the one look that serves them all.

While anybody waits, one task asks the store several times a second how far the ledger is complete, reads what
is new, writes each change as JSON once, and keeps the newest in memory. Who has fallen behind those reads the
store.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from contextlib import suppress
from typing import NamedTuple

import structlog

from workflow.api.http.problems import busy
from workflow.clock import monotonic
from workflow.queries.change_events import change_event
from workflow.queries.changes import Change, ChangeFilter, ChangePage, changes
from workflow.queries.json_writing import json_bytes
from workflow.store.watermark import Watermark

EVERY = 0.1
"""Seconds between two looks while somebody waits and nothing is new."""
AT_ONCE = 500
"""Changes that are read at once."""
KEPT, KEPT_BYTES = 2_000, 16 * 1024 * 1024
"""The newest changes that stay in memory, and their bytes as JSON."""
LINGER = 5.0
"""Seconds for which it goes on looking once nobody waits: who follows is about to wait again."""
_READING = 4
"""So many of those who have fallen behind read the store at once: others need its connections, too."""

log = structlog.get_logger(__name__)


class ToldChange(NamedTuple):
    """A change, and the CloudEvent that tells of it, as JSON."""

    change: Change
    text: bytes


class Told(NamedTuple):
    """Some changes in their order; `last` and `more` as of `ChangePage`."""

    items: list[ToldChange]
    last: int
    more: bool


class ChangeFeed:
    """One a process, for its event loop alone."""

    def __init__(self, watermark: Watermark, streams: int) -> None:
        """`streams` may be followed at once."""
        self._watermark = watermark
        self._most_streams = streams
        self.streams = 0
        """How many are being followed."""
        self._kept: deque[ToldChange] = deque()
        self._kept_bytes = 0
        self._behind = 0
        """All changes behind this row, up to `_complete`, are kept."""
        self._complete: int | None = None
        self._waiting: set[Future[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._reading = asyncio.Semaphore(_READING)
        self.leaving = False
        """Whether the process is to end: every stream ends."""

    def enter(self) -> None:
        """Count one more stream, until `leave`. Raises Refusal (429) when there are too many."""
        if self.streams >= self._most_streams:
            raise busy("streams", f"{self.streams} streams are being followed", retry_after=10)
        self.streams += 1

    def leave(self) -> None:
        """A stream has ended."""
        self.streams -= 1

    async def page(self, wanted: ChangeFilter, after: int, limit: int = AT_ONCE) -> Told:
        """The first changes behind a row, `limit` at most: from memory, else from the store.

        For who has waited: those of the last moment may be missing. `read` misses none.
        """
        if self._is_looking and self._complete is not None and self._behind <= after <= self._complete:
            return self._from_memory(wanted, after, limit, self._complete)
        async with self._reading:
            return await asyncio.to_thread(self.read, wanted, after, limit)

    def read(self, wanted: ChangeFilter, after: int, limit: int) -> Told:
        """The same from the store, with all that is there by now. For any thread."""
        found = changes(self._watermark, wanted, after=after, limit=limit)
        return Told([_told(one) for one in found.items], found.last, found.more)

    def newest(self) -> int:
        """The row behind all changes that are there by now. For any thread."""
        return self._watermark.row()

    async def wait(self, after: int, seconds: float) -> None:
        """Wait until there may be changes behind this row, for so many seconds at most."""
        if self.leaving or (self._complete is not None and self._complete > after):
            return
        future: Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        if not self._is_looking:
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(future, seconds)
        finally:
            self._waiting.discard(future)

    def close(self) -> None:
        """End all streams, and let nobody wait any longer."""
        self.leaving = True
        self._wake()

    def _from_memory(self, wanted: ChangeFilter, after: int, limit: int, complete: int) -> Told:
        new: list[ToldChange] = []
        for one in reversed(self._kept):  # who follows closely is near its end
            if one.change.row <= after:
                break
            new.append(one)
        fit = [one for one in reversed(new) if wanted.fits(one.change)]
        if len(fit) > limit:
            return Told(fit[:limit], fit[limit - 1].change.row, True)
        return Told(fit, complete, False)

    @property
    def _is_looking(self) -> bool:
        return self._looking is not None and not self._looking.done()

    async def _look(self) -> None:
        self._complete, self._kept_bytes = None, 0  # what was kept before a pause is old
        self._kept.clear()
        wanted = monotonic()
        while not self.leaving and monotonic() - wanted < LINGER:
            if self._waiting:
                wanted = monotonic()
            try:
                new = await asyncio.to_thread(self._read)
            except Exception as error:  # who follows waits until the store is there again
                log.warning("changes could not be looked for", error=type(error).__name__)
                await asyncio.sleep(1)
                continue
            if self._keep(*new):
                self._wake()
            if not new[1].more:
                await asyncio.sleep(EVERY)

    def _read(self) -> tuple[int, ChangePage, list[ToldChange]]:
        """What is new since the last look; of the first one, only how far the ledger is."""
        after = self._complete
        if after is None:
            row = self._watermark.row()
            return row, ChangePage([], row, False), []
        found = changes(self._watermark, ChangeFilter(), after=after, limit=AT_ONCE)
        return after, found, [_told(one) for one in found.items]

    def _keep(self, after: int, found: ChangePage, told: list[ToldChange]) -> bool:
        """Whether there is anything new for those who wait."""
        if self._complete is None:
            self._behind = self._complete = found.last
            return True  # what is behind their row they find in the store
        for one in told:
            self._kept.append(one)
            self._kept_bytes += len(one.text)
        while len(self._kept) > KEPT or self._kept_bytes > KEPT_BYTES:
            gone = self._kept.popleft()
            self._kept_bytes -= len(gone.text)
            self._behind = gone.change.row
        moved = found.last > after
        self._complete = found.last
        return moved

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


def _told(change: Change) -> ToldChange:
    return ToldChange(change, json_bytes(change_event(change)))
