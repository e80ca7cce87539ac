"""What waits for real time in a sandbox, where the clock stands still.

Leases, pauses before another attempt and the like are rows of the outbox that are due in so many seconds.
As long as the clock stands, these seconds never pass for them; they are counted here, and what has waited so
long in real time is due. Whoever takes it up asks anew whether it may be done: a notice that waits for the
end of quiet hours waits on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from workflow.clock import Clock, monotonic
from workflow.store.port import Store
from workflow.store.schema import outbox

HORIZON = timedelta(hours=1)
"""What is due later does not wait for real time."""
_MOST = 500

_Row = tuple[int, datetime]
"""Id of an effect, and when it is due: set anew, it waits anew."""


class RealTime:
    """Counts real time for the outbox of one store. Any number may do so at once."""

    def __init__(self, store: Store, clock: Clock, seconds: Callable[[], float] = monotonic) -> None:
        """`seconds` returns real seconds of a counter that never jumps."""
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._ends: dict[_Row, float] = {}
        """When each has waited long enough, real seconds."""
        self._done: set[_Row] = set()
        """Those that were made due while the clock has stood where it stands."""
        self._stood_at: datetime | None = None

    def look(self) -> int:
        """Make due what has waited long enough; how many those are."""
        now, real = self._clock.now(), self._seconds()
        if now != self._stood_at:
            self._stood_at, self._done = now, set()
        found = [row for row in self._waiting(now) if row not in self._done]
        self._ends = {row: self._ends.get(row, real + (row[1] - now).total_seconds()) for row in found}
        over = [row for row, end in self._ends.items() if end <= real]
        if over:
            with self._store.begin() as transaction:
                for one, due_at in sorted(over):
                    waits = (outbox.c.id == one, outbox.c.due_at == due_at)
                    transaction.connection.execute(update(outbox).where(*waits).values(due_at=now))
            self._done.update(over)
        return len(over)

    def _waiting(self, now: datetime) -> list[_Row]:
        query = (
            select(outbox.c.id, outbox.c.due_at)
            .where(outbox.c.due_at > now, outbox.c.due_at <= now + HORIZON)
            .order_by(outbox.c.due_at)
            .limit(_MOST)
        )
        with self._store.connect() as connection:
            return [(one, due_at) for one, due_at in connection.execute(query)]
