"""The scheduler's loop: look, have done what is due, wait until the next due instant or a wake-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from state_machines.values.backoff import Backoff
from workflow.broker import task_names
from workflow.clock import Clock, monotonic
from workflow.engine.transient_errors import described
from workflow.errors import BrokerUnreachable
from workflow.maintenance.backlog import Backlog, Queue

TICK = 0.01
"""Seconds between two looks, at least."""
LOOK_AGAIN = 0.05
"""Seconds until the next look while something that was asked for is not done yet."""
LISTENED_FOR = 0.25
"""The same while a process listens, which knows when the next timer is due, or if only the relay is slow."""
PATIENCE = 2.0
"""If a message changes nothing for so many seconds, no worker took it: the scheduler does the work itself."""
ALONE = 5.0
"""Seconds for which it then goes on without waiting for anybody."""
_WITHOUT_BROKER = Backoff(first=0.5, longest=15.0)
_LOOK_WITHOUT_BROKER = 0.5
"""Seconds between looks while no wake-up can come."""
_AFTER_ERROR = 1.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Work(StrEnum):
    """A kind of work, by the name of the task that does it."""

    APPLY = task_names.APPLY
    FIRE = task_names.FIRE
    RELAY = task_names.RELAY


class Actions(Protocol):
    """How the scheduler finds out what waits, and has it done."""

    def look(self) -> Backlog:
        """What waits now."""

    def ask(self, work: Work, waiting: int) -> None:
        """Send as many messages as `waiting` rows need. Raises BrokerUnreachable."""

    def has_listener(self) -> bool:
        """Whether a process listens, which decides the next due timer without being asked."""

    def carry_out(self, work: Work) -> None:
        """Do work of this kind in this process."""

    def sweep(self) -> None:
        """Find what a lost message or a killed worker left behind."""

    def pass_time(self) -> float | None:
        """Where time passes only when it is moved: move it on if that is asked for and nothing waits.

        Returns:
            The seconds until there may be more of this to do; None where time passes by itself.
        """


class WakeUps(Protocol):
    """Where wake-ups come from."""

    def wait(self, seconds: float) -> bool:
        """Wait until a wake-up, for so many seconds at most; False when the scheduler is to end."""


@dataclass(slots=True)
class _Asked:
    """What was asked for and is not done yet.

    Attributes:
        until: engine time of the asking: rows that fell due later need another message (None: not known).
        first: what waited longest at the last look.
        waiting: how many there were then.
        moved: when `first` changed last, monotonic seconds.
    """

    until: datetime | None
    first: Any
    waiting: int
    moved: float

    def missed(self, queue: Queue) -> bool:
        """Whether all that it was for is done, and what waits fell due later."""
        return self.until is not None and queue.since is not None and queue.since > self.until


class SchedulerLoop:
    """One scheduler's loop. When in doubt it asks once more, which does no harm."""

    def __init__(
        self,
        actions: Actions,
        clock: Clock,
        wake_ups: WakeUps,
        *,
        sweep_seconds: float,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """`clock` is engine time; `seconds` returns real seconds of a counter that never jumps."""
        self._actions = actions
        self._clock = clock
        self._wake_ups = wake_ups
        self._sweep_seconds = sweep_seconds
        self._seconds = seconds
        self._swept = float("-inf")
        self._asked: dict[Work, _Asked] = {}
        self._tried: dict[Work, tuple[Any, int]] = {}
        """What waited longest when this scheduler last went on alone, and how often it did so over that."""
        self._alone_until = self._down_until = float("-inf")
        self._refusals = 0

    def run(self) -> None:
        """Look and wait, again and again, until the source of wake-ups says that this scheduler is to end."""
        while self._wake_ups.wait(self.turn()):
            pass

    def turn(self) -> float:
        """Look, and have done what is due; the seconds for which nothing more needs to be done."""
        if self._seconds() - self._swept >= self._sweep_seconds:
            self._swept = self._seconds()
            _outcome(self._actions.sweep)  # one that fails must not keep us from looking
        pause = _outcome(self._look)
        return _AFTER_ERROR if pause is None else pause

    def _look(self) -> float:
        backlog = self._actions.look()
        queues = {Work.FIRE: backlog.timers, Work.APPLY: backlog.events, Work.RELAY: backlog.effects}
        for work, queue in queues.items():
            self._see_to(work, queue)
        pause, passing = self._pause(backlog), self._actions.pass_time()
        return pause if passing is None else max(TICK, min(pause, passing))

    def _see_to(self, work: Work, queue: Queue) -> None:
        now = self._seconds()
        asked = self._asked.get(work)
        if queue.waiting == 0:
            self._asked.pop(work, None)
        elif now < self._down_until or now < self._alone_until:
            self._carry_out(work)
        elif asked is None or asked.missed(queue):
            self._ask(work, queue)
        elif queue.first != asked.first:
            asked.first, asked.waiting, asked.moved = queue.first, queue.waiting, now
        elif now - asked.moved > PATIENCE:
            self._say_why_alone(work, queue)
            self._alone_until = now + ALONE
            self._carry_out(work)
        elif queue.waiting > asked.waiting:  # behind one that somebody holds
            self._ask(work, queue, asked.moved)
        else:
            asked.waiting = queue.waiting

    def _say_why_alone(self, work: Work, queue: Queue) -> None:
        """No worker took what waits longest. If this scheduler could not either, it is not for it to take."""
        tried, times = self._tried.get(work, (None, 0))
        times = times + 1 if tried == queue.first else 1
        self._tried[work] = queue.first, times
        why = {
            1: "no worker takes messages, the scheduler works",
            2: "what waits longest is held by somebody in the database, or of a definition that is not "
            "understood here; the rest goes on",
        }
        if times in why:
            log.warning(why[times], task=work.value, waiting=queue.waiting)

    def _ask(self, work: Work, queue: Queue, moved: float | None = None) -> None:
        until = None if work is Work.APPLY else self._clock.now()
        try:
            self._actions.ask(work, queue.waiting)
        except BrokerUnreachable as error:
            self._refusals += 1
            pause = _WITHOUT_BROKER.pause(self._refusals)
            log.warning("the scheduler works without the broker", seconds=pause, error=str(error))
            self._down_until = self._seconds() + pause
            self._carry_out(work)
        else:
            self._refusals = 0
            since = self._seconds() if moved is None else moved
            self._asked[work] = _Asked(until, queue.first, queue.waiting, since)

    def _carry_out(self, work: Work) -> None:
        """Do the work here: deadlines must be decided in time without a broker. The relay waits for it."""
        self._asked.pop(work, None)
        if work is not Work.RELAY or self._seconds() >= self._down_until:
            try:
                self._actions.carry_out(work)
            except Exception:
                self._tried.pop(work, None)  # what waits is not to blame
                raise

    def _pause(self, backlog: Backlog) -> float:
        now = self._seconds()
        pauses = [self._swept + self._sweep_seconds - now]
        if backlog.next_due is not None:
            pauses.append(self._clock.seconds_until(backlog.next_due))
        if self._asked:
            pauses.append(LISTENED_FOR if self._asked.keys() == {Work.RELAY} else LOOK_AGAIN)
        if now < self._down_until or now < self._alone_until:
            pauses.append(_LOOK_WITHOUT_BROKER)
        pause = max(TICK, min(pauses))
        # Without a broker asking for listeners costs time, and there is none.
        if pause < LISTENED_FOR and now >= self._down_until and self._actions.has_listener():
            return LISTENED_FOR
        return pause


def _outcome(act: Callable[[], T]) -> T | None:
    """What comes of it; None if it failed, which the log tells: a mistake must not make deadlines late."""
    try:
        return act()
    except SQLAlchemyError as error:
        log.error("the scheduler cannot reach the store", error=described(error))
    except Exception:
        log.exception("the scheduler failed")
    return None
