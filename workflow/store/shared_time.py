"""The database's time, by which all machines of an installation agree on what is due.

A machine whose clock is ahead would break everybody's promises before their time, and take what others hold
for abandoned. So it is the database that says how late it is at most: whoever is ahead of it is held back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog

from workflow.clock import DATABASE_TIME, Clock, HeldClock, SystemClock, clock_from, monotonic

_EVERY = 10.0
"""Real seconds between two looks, over a connection that is used anyway."""
_SOON = 1.0
"""While the clocks differ."""

log = structlog.get_logger(__name__)


class SharedTime:
    """What a process knows of the database's time. For any thread."""

    def __init__(self) -> None:
        self._looked = float("-inf")
        self._known: tuple[datetime, float] | None = None
        """What the database's clock showed, and when this process asked it, on a counter that never jumps."""
        self._told = 0.0

    def now(self) -> datetime | None:
        """How late it is by the database's clock, at most; None before it was asked."""
        known = self._known
        return None if known is None else known[0] + timedelta(seconds=monotonic() - known[1])

    def ahead(self) -> float:
        """Seconds by which this machine's clock is ahead of the database's; below 0: behind it."""
        known = self.now()
        return 0.0 if known is None else (SystemClock().now() - known).total_seconds()

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Ask, if it is time to. Nothing is begun on the connection, before or after.

        A connection that fails is somebody else's to find out about.
        """
        began = monotonic()
        differs = abs(self.ahead()) > HeldClock.TOLERANCE
        if began - self._looked < (_SOON if differs else _EVERY):
            return
        self._looked = began
        try:
            row = connection.execute(DATABASE_TIME).fetchone()
            connection.rollback()
        except psycopg.Error:
            return
        if row is not None:
            self._known = row[0].astimezone(UTC), began
            self._tell()

    def _tell(self) -> None:
        """Once of each difference: of a machine that is set right, too."""
        ahead = self.ahead()
        if abs(ahead - self._told) <= HeldClock.TOLERANCE:
            return
        self._told = ahead
        if abs(ahead) <= HeldClock.TOLERANCE:
            log.warning("this machine's clock and the database's agree again")
        elif ahead > 0:
            log.error(
                "this machine's clock is ahead of the database's and is held back", seconds=round(ahead, 1)
            )
        else:
            log.error(
                "this machine's clock is behind the database's: what it decides is late",
                seconds=-round(ahead, 1),
            )


def clock_over(time: SharedTime | None, spec: str) -> Clock:
    """The clock of `MAKEGOOD_CLOCK` for who works on a store: the machine's is held back by its server's.

    Raises ValueError as `clock_from`.
    """
    clock = clock_from(spec)
    return HeldClock(time.now) if time is not None and isinstance(clock, SystemClock) else clock
