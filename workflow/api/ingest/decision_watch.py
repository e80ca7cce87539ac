"""Who waits for decisions: all of a process look together, so that a thousand cost what one costs."""

from __future__ import annotations

import asyncio
from asyncio import Future

import structlog

from workflow.queries.event_outcomes import outcomes_of
from workflow.store.port import PENDING, EventOutcome, Store

EVERY = 0.05
"""Seconds between two looks, for all who wait."""
MOST_WAITING = 1_000
"""So many wait at once; who comes then is answered at once."""

Identity = tuple[str, str]
"""An event's source and id."""

log = structlog.get_logger(__name__)


class DecisionWatch:
    """Looks whether events are decided, while anybody waits. For one event loop; threads ask the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.waiting: dict[Identity, list[Future[EventOutcome]]] = {}
        """Who waits for the decision about which event."""
        self._count = 0
        self._looking: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether no more may wait now."""
        return self._count >= MOST_WAITING

    async def decided(self, source: str, event_id: str, seconds: float) -> EventOutcome | None:
        """What became of an accepted event, as soon as it is known; None if it is not in so many seconds."""
        identity = (source, event_id)
        future: Future[EventOutcome] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(identity, []).append(future)
        self._count += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return None
        finally:
            self._forget(identity, future)

    def _forget(self, identity: Identity, future: Future[EventOutcome]) -> None:
        self._count -= 1
        others = self.waiting.get(identity, [])
        if future in others:
            others.remove(future)
        if not others:
            self.waiting.pop(identity, None)

    async def _look(self) -> None:
        while self.waiting:
            try:
                found = await asyncio.to_thread(outcomes_of, self._store, list(self.waiting))
            except Exception as error:  # who waits is told in time that nothing is known yet
                log.warning("decisions could not be looked for", error=type(error).__name__)
                found = []
            for one in found:
                if one.outcome != PENDING:
                    self._tell(one)
            await asyncio.sleep(EVERY)

    def _tell(self, decided: EventOutcome) -> None:
        for future in self.waiting.pop((decided.source, decided.id), ()):
            if not future.done():
                future.set_result(decided)
