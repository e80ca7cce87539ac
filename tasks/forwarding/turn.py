"""A turn of a subscription: its lanes are sent side by side, each in its order, as long as that goes well."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from state_machines.values.backoff import Backoff
from tasks.forwarding.receiver import Answer, Receiver
from workflow.clock import Clock, monotonic
from workflow.subscriptions.turns import Attempt, Place, Result, Waiting, Work

AT_ONCE = 8
"""Changes, of as many subjects, that are on their way to one receiver at the same time."""
SECONDS = 5.0
"""For so long a turn begins to send: then others have theirs."""
IDLE_SECONDS = 0.1
"""Until the next look where there was nothing to be done."""
RETRIES = Backoff(first=5.0, longest=3600.0)
_IN_VAIN = 3
"""After so many failures without a success in between the receiver is left alone for a while."""
_GONE = 410


class Turn:
    """One turn, run once."""

    def __init__(self, place: Place, receiver: Receiver, clock: Clock, failing: timedelta) -> None:
        """A subscription is disabled when one of its changes has failed for as long as `failing`."""
        self._place = place
        self._receiver = receiver
        self._clock = clock
        self._failing = failing
        self._until = monotonic() + SECONDS
        self._result = Result(clock.now(), place.failures)
        self._in_vain = 0
        self._stopped = False
        self._wait = 0.0
        self._cut = False

    async def run(self, work: Work) -> Result:
        """Send what is in the lanes; what came of it."""
        lanes = list(work.lanes.values())
        if self._place.failures and lanes:  # whether the receiver is there again, one change tells
            await self._lane(lanes.pop(0))
            self._stopped |= not self._result.arrived
        places = asyncio.Semaphore(AT_ONCE)

        async def one(lane: list[Waiting]) -> None:
            async with places:
                await self._lane(lane)

        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(one(lane))
        self._conclude(work)
        return self._result

    async def _lane(self, lane: list[Waiting]) -> None:
        for number, one in enumerate(lane):
            if self._stopped or monotonic() > self._until:
                self._cut = True
                self._result.waiting += lane[number:]
                return
            at = self._clock.now()
            answer = await self._receiver.post(one.change)
            self._result.attempts.append(
                Attempt(
                    one.change,
                    one.attempts + 1,
                    at,
                    answer.milliseconds,
                    answer.status,
                    answer.error,
                    answer.text,
                )
            )
            if answer.taken:
                self._in_vain = 0
                self._result.arrived.append(one)
            else:
                self._note_failure(one, answer)
                self._result.waiting += lane[number:]
                return

    def _note_failure(self, one: Waiting, answer: Answer) -> None:
        now = self._clock.now()
        one.failed = True
        one.attempts += 1
        one.failing_since = one.failing_since or now
        pause = max(RETRIES.pause(one.attempts, random.random()), answer.retry_after or 0.0)
        one.due_at = now + timedelta(seconds=pause)
        self._in_vain += 1
        self._wait = max(self._wait, answer.retry_after or 0.0)
        if answer.status == _GONE:
            self._result.disabled = "answered 410: it is gone"
        elif now - one.failing_since >= self._failing:
            said = answer.error if answer.status is None else f"answered {answer.status}"
            self._result.disabled = f"{one.change.id} has not arrived for {self._failing.days} days: {said}"
        # Whoever asks for time gets it, and whoever takes nothing is not asked about everything.
        if answer.retry_after or self._result.disabled or self._in_vain >= _IN_VAIN:
            self._stopped = True

    def _conclude(self, work: Work) -> None:
        result, now = self._result, self._clock.now()
        pause = 0.0
        if result.arrived:
            result.failures = 0
            pause = self._wait
        elif self._in_vain:
            result.failures += 1
            pause = max(self._wait, RETRIES.pause(result.failures, random.random()))
        elif not work.more and not self._cut and work.position == self._place.position:
            pause = IDLE_SECONDS
        result.due_at = now + timedelta(seconds=pause)
