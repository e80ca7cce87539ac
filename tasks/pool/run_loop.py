"""The run loop of a worker's process: decide what waits, listen for what comes next, hand over.

A message takes milliseconds from a queue to a process. A process that listens hears of an event in a fraction
of one, and knows when the next timer is due. It listens only for a moment after its last real work. A wake-up
that brings no work does not prolong that, so that of several listeners those that are not needed end.
(docs/adr/0011)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypedDict

import structlog

from tasks.pool.process import Process
from tasks.pool.slots import of_this_pool
from workflow.broker.notifier import Listening
from workflow.broker.task_names import LATER_QUEUE, RELAY, SOON_QUEUE
from workflow.clock import monotonic
from workflow.engine.turns import AT_ONCE, SECONDS, Turns
from workflow.errors import BrokerUnreachable
from workflow.outbox.relay import SLICE

NEAR = 0.5
"""A timer due within so many seconds is waited for: no other process would be as punctual."""
_LEASE_SHARE = 0.3
"""Of a lease: far from the time limits of tasks, however short somebody sets it."""
_EMPTY_WAKE_UPS = 3
"""After so many in a row a listener ends, if there is another."""
_CHECK_SECONDS = 0.02
"""Between two looks whether a successor listens, or whether something else is to be done; and after so long
without work there is nothing to decide."""
_GATHER = 0.03
"""Seconds from batch to batch while work flows, so that it comes together."""
_GATHER_EFFECTS = 0.1
"""Seconds for which what batches ask to be told may come together for one message."""
_OTHER_QUEUES = (SOON_QUEUE, LATER_QUEUE)
"""Who listens ends when a message waits here and it has nothing to decide, or another would listen."""
_RELAY_PAUSE = 0.1
"""Seconds for which effects wait for a moment without deadlines; then another process is to relay them."""
_HELP_PAUSE = 0.25
"""Seconds between two calls of another process to help with events that are piled up."""

log = structlog.get_logger(__name__)


class TaskResult(TypedDict):
    """What our tasks return. Monitoring shows it: counts, and keys of some subjects."""

    decided: int
    published: int
    subjects: list[str]


def decide_and_listen(process: Process, task: str) -> TaskResult:
    """Decide what waits, and listen for more if this pool has a free slot for that; what was done.

    `task` is the name of the task that runs, by which another process is called.
    """
    loop = RunLoop(process, task)
    slots = of_this_pool(process.runtime.settings)
    slot = slots.acquire(slots.for_listening) if slots is not None else None
    if slots is None:
        if loop.decide():
            loop.call(process.broker.go)
        return loop.finish()
    if slot is None:
        loop.help_listeners()
        return loop.finish()

    def hand_over() -> None:
        slots.release(slot)
        process.broker.go(task)

    def is_spare() -> bool:
        return slots.are_held_elsewhere(slots.for_relieving)

    try:
        if loop.listen(None if slots.processes == 1 else hand_over, is_spare=is_spare):
            loop.call(process.broker.wake)
        return loop.finish()
    finally:
        slots.release(slot)


class RunLoop:
    """Decides events and due timers in one process, for a bounded time. Runs once, in one thread."""

    def __init__(self, process: Process, task: str, seconds: float = SECONDS) -> None:
        """For about so many seconds; `task` is the name by which another process is called."""
        settings = process.runtime.settings
        self._process = process
        self._broker = process.broker
        self._task = task
        self._turns = Turns(process.runtime.engine, settings, process.relay.publish)
        self._limit = min(seconds, settings.lease_seconds * _LEASE_SHARE)
        self._stay = settings.stand_by_seconds
        self._hand_over: Callable[[], None] | None = None
        self._is_spare: Callable[[], bool] | None = None
        self._until = self._last_work = float("-inf")
        self._empty_wake_ups = 0
        self._called_at: float | None = None
        self._relayed = 0
        self._unrelayed_since: float | None = None
        self._relay_asked_at = self._help_asked_at = float("-inf")
        self.can_listen = True
        """False once listening has turned out to be impossible: no Redis, or it is out of reach."""

    def decide(self) -> bool:
        """Decide what waits now; True when time ran out over it, so that more waits."""
        return self._turns.until_quiet(self._limit).more

    def listen(
        self,
        hand_over: Callable[[], None] | None,
        until: Callable[[], bool] | None = None,
        is_spare: Callable[[], bool] | None = None,
    ) -> bool:
        """Decide what waits and what comes next, until nothing more is expected soon or time is up.

        Args:
            hand_over: calls a successor when time is up; this process then listens until that one does.
                None: there can be none, and this process ends when time is up.
            until: with it, listen until it is true, or until time is up.
            is_spare: whether another process would listen beside its work if this one did something else.

        Returns:
            Whether another process must be called, because time ran out while there was work.
        """
        listening = self._broker.notifier.subscribe()
        if listening is None:
            self.can_listen = False
            return self.decide()
        self._hand_over, self._is_spare = hand_over, is_spare
        self._last_work = monotonic()
        self._until = self._last_work + self._limit
        more = False
        try:
            more = self._take_turns(listening, until)
        except BrokerUnreachable as error:
            log.warning("listens no longer", error=str(error))
        finally:
            self._turns.publish()
            notified = _unsubscribed(listening)
        # A process that notified this one has sent no message: what it meant must be looked for here.
        return self._look_once_more() or more if notified else more

    def _look_once_more(self) -> bool:
        """Decide what little waits; True where so much flows in that another process has to go on with it."""
        while decided := self._turns.full_turn():
            if decided > AT_ONCE:
                return True
        return False

    def help_if_piled(self) -> None:
        """Decide while more waits than those that listen decide in time, for a bounded time."""
        deadline = monotonic() + self._limit
        while monotonic() < deadline and self._process.is_work_piled():
            if not self._turns.full_turn():
                return  # others are deciding it, or nobody can

    def help_listeners(self) -> None:
        """Decide what waits now, and more while it is piled up; what comes next is for those that listen."""
        self._turns.full_turn()
        self.help_if_piled()

    def call(self, send: Callable[[str, Sequence[str]], object]) -> None:
        """Have another process go on where this one stops; what the broker does not take, a sweep finds."""
        self._try_to_send(lambda: send(self._task, self._turns.summary.subjects))

    def finish(self) -> TaskResult:
        """Have the rest relayed, tell the schedulers of much work and of what is due soon; what was done."""
        summary = self._turns.summary
        if summary.effects > self._relayed:
            self._try_to_send(lambda: self._broker.go(RELAY, summary.subjects))
        if summary.full or self._is_due_before_next_sweep():
            now = self._process.runtime.clock.now()
            self._try_to_send(lambda: self._broker.wake_schedulers(summary.earliest or now))
        return {
            "decided": summary.decided,
            "published": summary.published,
            "subjects": list(summary.subjects),
        }

    def _take_turns(self, listening: Listening, until: Callable[[], bool] | None) -> bool:
        """Decide and wait in turns; True if time ran out while there was work and no successor was called."""
        turns = self._turns
        while True:
            begun = monotonic()
            decided = self._decide_batch()
            now = monotonic()
            if decided:
                self._last_work = now
            self._ask_for_help(now)
            self._relay_effects(now, idle=not decided)
            pause = self._pause(now) if until is None else self._until - now
            if pause is None or (until is not None and until()) or self._is_relieved(now):
                return False
            if now >= self._until and (until is not None or self._hand_over is None):
                return now - self._last_work < self._stay or _is_near(turns.seconds_until_due())
            if decided > AT_ONCE and not turns.piled:
                if until is None and self._is_spared() and self._is_queued():
                    return False
                self._gather(listening, begun + _GATHER)
                continue
            turns.expect(listening.wait(min(pause, _CHECK_SECONDS)))

    def _gather(self, listening: Listening, until: float) -> None:
        """Let what flows in come together: a batch of many costs each of them less than a batch of few."""
        while (rest := until - monotonic()) > 0:
            self._turns.expect(listening.wait(rest))

    def _decide_batch(self) -> int:
        """How many events and timers were decided; counts the wake-ups in a row that brought none."""
        woken = self._turns.events or self._turns.timers or self._turns.due
        decided = self._turns.turn(gather=_GATHER_EFFECTS)
        self._empty_wake_ups = 0 if decided else self._empty_wake_ups + woken
        return decided

    def _ask_for_help(self, now: float) -> None:
        """Call another process, which may be idle, while events are piled up. Due timers a scheduler sees."""
        may_ask = self._hand_over is not None and now - self._help_asked_at >= _HELP_PAUSE
        if may_ask and self._turns.events_piled:
            self._help_asked_at = now
            self._try_to_send(lambda: self._broker.go(self._task, self._turns.summary.subjects))

    def _relay_effects(self, now: float, *, idle: bool) -> None:
        """Relay what was too much to be published at once: here if nothing else is to do, else elsewhere."""
        unrelayed = self._turns.summary.effects
        if unrelayed == self._relayed:
            self._unrelayed_since = None
        elif self._unrelayed_since is None:
            self._unrelayed_since = now
        elif idle:
            if not self._process.relay.run(SLICE / 4).more:
                self._relayed = unrelayed
        elif self._hand_over is not None and self._may_ask_for_relay(now, self._unrelayed_since):
            self._broker.go(RELAY, self._turns.summary.subjects)
            self._relayed, self._relay_asked_at = unrelayed, now

    def _may_ask_for_relay(self, now: float, since: float) -> bool:
        return now - max(since, self._relay_asked_at + 1) >= _RELAY_PAUSE

    def _pause(self, now: float) -> float | None:
        """Seconds for which nothing is to be done; None when there is no reason to listen any longer."""
        turns, notifier = self._turns, self._broker.notifier
        if turns.events or turns.timers or self._relayed < turns.summary.effects:
            return 0.0
        if self._empty_wake_ups >= _EMPTY_WAKE_UPS and notifier.subscribers() > 1:
            return None
        until_due, rest = turns.seconds_until_due(), self._last_work + self._stay - now
        is_idle = now - self._last_work >= _CHECK_SECONDS and not _is_near(until_due)
        if (is_idle or self._is_spared()) and self._is_queued():
            return None
        if until_due is not None and (_is_near(until_due) or until_due <= rest):
            return until_due
        return rest if rest > 0 else None

    def _is_spared(self) -> bool:
        """Whether another process would listen if this one did something else, or none can anyway."""
        return self._hand_over is None or (self._is_spare is not None and self._is_spare())

    def _is_queued(self) -> bool:
        """Whether messages wait that who listens does not take, while the others of the pool work."""
        return bool(self._broker.notifier.queued(*_OTHER_QUEUES))

    def _is_relieved(self, now: float) -> bool:
        """Whether a successor listens, or was called long enough ago. Calls it when time is up."""
        if self._called_at is None:
            if now >= self._until and self._hand_over is not None:
                self._hand_over()
                self._called_at = now
            return False
        return now - self._called_at > SECONDS or self._broker.notifier.subscribers() > 1

    def _try_to_send(self, send: Callable[[], object]) -> None:
        try:
            send()
        except BrokerUnreachable as error:
            log.warning("wake-up lost, the next sweep finds the work", task=self._task, error=str(error))

    def _is_due_before_next_sweep(self) -> bool:
        runtime, earliest = self._process.runtime, self._turns.summary.earliest
        return earliest is not None and runtime.clock.seconds_until(earliest) < runtime.settings.sweep_seconds


def _is_near(until_due: float | None) -> bool:
    return until_due is not None and until_due <= NEAR


def _unsubscribed(listening: Listening) -> bool:
    """Stop listening; whether a notification came before all knew of it, and True when in doubt."""
    with suppress(BrokerUnreachable):
        return bool(listening.end())
    return True
