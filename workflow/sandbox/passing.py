"""The passing of time in a sandbox: an advance is carried out stop by stop.

Any number of schedulers do so at once. A step is taken in one transaction, on the condition that the clock
stands where its taker has found it. Who is killed before the file of the clock follows leaves it to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, select, update

from state_machines.values.instants import format_instant
from workflow.clock import SandboxClock, monotonic
from workflow.sandbox import rest
from workflow.sandbox.advance import MOST_STOPS, Advance, AdvanceStatus, under_way
from workflow.store.port import Store
from workflow.store.schema import advances, outbox, purpose

IDLE = 0.1
"""Seconds until the next look whether there is an advance to carry out."""
RESTLESS = 0.02
"""Seconds until the next look while something is left to be done at a stop."""
_LONGEST = 10
"""So many times its patience a stop takes at most, however much is done there: it may go round in circles."""

log = structlog.get_logger(__name__)


class _Stop(NamedTuple):
    """One instant, and what was left to be done there at the last look; since when, monotonic seconds."""

    advance: int
    at: datetime
    left: rest.Unrest
    since: float
    unchanged_since: float


class Passing:
    """Carries advances out, for one scheduler. Not for several threads."""

    def __init__(
        self,
        store: Store,
        clock: SandboxClock,
        *,
        patience: float,
        before_moving: Callable[[], object] = lambda: None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """
        Args:
            patience: real seconds for which a stop may stay as it is, with something left to be done there.
            before_moving: called at rest; what it finds to do still belongs to this instant.
            seconds: real seconds of a counter that never jumps.
        """
        self._store = store
        self._clock = clock
        self._patience = patience
        self._before_moving = before_moving
        self._seconds = seconds
        self._stop: _Stop | None = None

    def step(self) -> float:
        """Move on to the next stop if all is done at this one; the seconds until another look is worth it."""
        with self._store.connect() as connection:
            advance = under_way(connection)
            if advance is None:
                return IDLE
            now = self._agreed(connection)
            left = rest.unrest(connection, now, leave_tasks=advance.leaves_tasks)
        if left:
            return self._wait(advance, now, left)
        self._before_moving()
        return self._move(advance, now)

    def _agreed(self, connection: Connection) -> datetime:
        """Where the clock stands; its file is brought there if whoever began the move did not end it."""
        stands_at = connection.execute(select(purpose.c.stands_at)).scalar_one()
        return self._clock.begin(stands_at)

    def _wait(self, advance: Advance, now: datetime, left: rest.Unrest) -> float:
        """Have patience with a stop; halt the advance when it is at its end."""
        real, stop = self._seconds(), self._stop
        if stop is None or (stop.advance, stop.at) != (advance.id, now):
            stop = _Stop(advance.id, now, left, real, real)
        elif stop.left != left:
            stop = stop._replace(left=left, unchanged_since=real)
        self._stop = stop
        if real - stop.unchanged_since > self._patience or real - stop.since > self._patience * _LONGEST:
            took = real - stop.since
            self._halt(advance, f"{format_instant(now)} did not come to rest in {took:.0f} seconds: {left}")
            return IDLE
        return RESTLESS

    def _halt(self, advance: Advance, reason: str) -> None:
        log.warning("the clock is halted", reason=reason)
        with self._store.begin() as transaction:
            transaction.connection.execute(
                update(advances)
                .where(advances.c.id == advance.id, advances.c.status == AdvanceStatus.ADVANCING.value)
                .values(status=AdvanceStatus.HALTED.value, reason=reason)
            )

    def _move(self, advance: Advance, now: datetime) -> float:
        """To the next instant at which something is due, or to the target, unless another was faster."""
        with self._store.begin() as transaction:
            connection = transaction.connection
            still_there = select(purpose.c.id).where(purpose.c.stands_at == now).with_for_update()
            if connection.scalar(still_there) is None:
                return RESTLESS
            if rest.unrest(
                connection, now, leave_tasks=advance.leaves_tasks
            ):  # what `before_moving` found, or what came since
                return 0.0
            there, values = self._next(connection, advance, now)
            is_open = (advances.c.id == advance.id, advances.c.status == AdvanceStatus.ADVANCING.value)
            taken = connection.execute(update(advances).where(*is_open).values(values)).rowcount
            if not taken or there == now:
                return IDLE
            connection.execute(update(purpose).values(stands_at=there))
            hold_on(connection, there, there - now)
        self._clock.begin(there)
        with self._store.begin() as transaction:  # what came under way since
            hold_on(transaction.connection, there, there - now, lost=True)
        return 0.0

    def _next(
        self, connection: Connection, advance: Advance, now: datetime
    ) -> tuple[datetime, dict[str, object]]:
        """Where the clock is to stand next, and what changes of the advance."""
        due = rest.next_due(connection)
        if now >= advance.target:
            return now, {"status": AdvanceStatus.READY.value}
        if due is None or due > advance.target:
            return advance.target, {"stops": advances.c.stops}
        if advance.stops >= MOST_STOPS:
            reason = f"{MOST_STOPS} stops were made until {format_instant(now)}; advance again to go on"
            return now, {"status": AdvanceStatus.HALTED.value, "reason": reason}
        return due, {"stops": advances.c.stops + 1}


def hold_on(connection: Connection, there: datetime, by: timedelta, *, lost: bool = False) -> None:
    """What somebody carries out just now goes on although the clock moves `by` so much: its lease moves, too.

    With `lost` only what the move would take from its holder: what is due by where the clock is `there`.
    """
    held = select(outbox.c.id, outbox.c.due_at).where(
        outbox.c.due_at.is_not(None), outbox.c.state.in_(rest.UNDER_LEASE)
    )
    if lost:
        held = held.where(outbox.c.due_at <= there)
    # In the order of ids, as everybody locks effects.
    for one, due_at in connection.execute(held.order_by(outbox.c.id)).fetchall():
        still = (outbox.c.id == one, outbox.c.due_at == due_at)
        connection.execute(update(outbox).where(*still).values(due_at=due_at + by))
