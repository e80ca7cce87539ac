"""Standing by: a process that has just decided something stays for what comes next.

A message takes milliseconds from a queue to a process of a pool; who listens to the bell hears of an event in
a fraction of one, and who knows when the next timer is due is there when it is. It stays for a moment after
its last real work only, and being woken for nothing prolongs no stay: where several stand by, those that are
not needed go. (docs/adr/0011)
"""

from __future__ import annotations

from collections.abc import Callable

from tasks.pool.process import Process
from workflow.broker.notifier import Subscription
from workflow.broker.task_names import LATER_QUEUE, RELAY, SOON_QUEUE
from workflow.clock import monotonic
from workflow.engine.turns import SECONDS, Turns
from workflow.outbox.relay import SLICE

NEAR = 0.5
"""A timer due within so many seconds is waited for: nobody else would be as punctual."""
_LOSSES = 3
"""Woken so often for nothing, while others stand by as well: one too many."""
_LOOK = 0.02
"""Seconds between two looks whether somebody else is there, or something else is to be done."""
_OTHERS = (SOON_QUEUE, LATER_QUEUE)
"""Who is alone in its pool goes as soon as a message waits here: nobody else would take it."""
_RELAY_PAUSE = 0.1
"""Seconds for which effects wait for a moment without deadlines before a neighbour is asked to relay them."""


class Standing:
    """One stay of one process."""

    def __init__(
        self,
        process: Process,
        turns: Turns,
        subscription: Subscription,
        *,
        most: float,
        hand_over: Callable[[], None] | None,
    ) -> None:
        """After `most` seconds `hand_over` calls for a successor, and the stay ends when that one is there.

        None: alone in its pool; then it ends at once.
        """
        self._process = process
        self._turns = turns
        self._subscription = subscription
        self._hand_over = hand_over
        self._stay = process.runtime.settings.stand_by_seconds
        self._until = monotonic() + most
        self._last_work = monotonic()
        self._losses = 0
        self._called: float | None = None
        self._relayed = 0
        self._waiting_since: float | None = None
        self._asked = float("-inf")

    def run(self, enough: Callable[[], bool] | None = None) -> bool:
        """Decide and wait, in turns, until nothing is left to stay for, or until `enough` if it is given.

        True when it ended for lack of time, and nobody was called.
        """
        while True:
            turns = self._turns
            woken = turns.events or turns.timers or turns.due
            decided = turns.turn()
            now = monotonic()
            self._losses = 0 if decided else self._losses + woken
            if decided:
                self._last_work = now
            self._see_to_effects(now, idle=not decided)
            pause = self._pause(now) if enough is None else self._until - now
            if pause is None or (enough is not None and enough()) or self._relieved(now):
                return False
            if now >= self._until and (enough is not None or self._hand_over is None):
                return now - self._last_work < self._stay or self._is_near(turns.seconds_until_due())
            watching = self._called or enough or self._hand_over is None
            turns.hear(self._subscription.wait(min(pause, _LOOK if watching else NEAR)))

    def _relieved(self, now: float) -> bool:
        """Whether the successor is there, or has been called long enough ago. Calls it when time is up."""
        if self._called is None:
            if now >= self._until and self._hand_over is not None:
                self._hand_over()
                self._called = now
            return False
        return now - self._called > SECONDS or self._process.broker.notifier.subscribers() > 1

    @property
    def relayed(self) -> int:
        """How many of the effects left to the relay it has been asked for already."""
        return self._relayed

    def _pause(self, now: float) -> float | None:
        """For how long nothing is to be done; None when it is time to go."""
        turns = self._turns
        if turns.events or turns.timers or self._relayed < turns.summary.effects:
            return 0.0
        notifier = self._process.broker.notifier
        if self._losses >= _LOSSES and notifier.subscribers() > 1:
            return None
        if self._hand_over is None and notifier.queued(*_OTHERS):
            return None
        until_due, rest = turns.seconds_until_due(), self._last_work + self._stay - now
        if until_due is not None and (self._is_near(until_due) or until_due <= rest):
            return until_due
        return rest if rest > 0 else None

    def _is_near(self, until_due: float | None) -> bool:
        return until_due is not None and until_due <= NEAR

    def _see_to_effects(self, now: float, *, idle: bool) -> None:
        """Those too many to be published at once: here when there is nothing else, else by a neighbour."""
        waiting = self._turns.summary.effects
        if waiting == self._relayed:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now
        elif idle:
            if not self._process.relay.run(SLICE / 4).more:
                self._relayed = waiting
        elif self._hand_over is not None and now - max(self._waiting_since, self._asked + 1) >= _RELAY_PAUSE:
            self._process.broker.go(RELAY, self._turns.summary.subjects)
            self._relayed, self._asked = waiting, now
