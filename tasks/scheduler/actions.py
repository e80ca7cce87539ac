"""What the scheduler's loop does in a real worker: on the store, the broker and the engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from tasks.pool.process import Process
from tasks.scheduler.loop import Work
from tasks.scheduler.sandbox import sandbox_of
from tasks.scheduler.sweep import sweep
from tasks.scheduler.time_limiter import TimeLimiter
from workflow.access import audit
from workflow.errors import BrokerUnreachable
from workflow.hooks import unmapped
from workflow.maintenance import backlog
from workflow.recovery.contact import contact_log
from workflow.recovery.contact.profile import LONGEST_CAP
from workflow.recovery.subscription_news import warn_of_failing_subscriptions
from workflow.subscriptions import attempts

ANSWER_SECONDS = 1.0
"""For so long a deadline waits for an answer of the broker at most, or for the end of a sweep."""

log = structlog.get_logger(__name__)


class _StillSweeping(Exception):
    """A sweep takes longer than a deadline may wait for it."""


class WorkerActions:
    """Looks into one store, sends over one broker, and does work itself.

    It waits for the broker for a moment, whatever that does, and no longer for a sweep.
    """

    def __init__(self, process: Process, concurrency: int, answer_seconds: float = ANSWER_SECONDS) -> None:
        """`concurrency` is how many processes the pool has for the work; `answer_seconds` are real ones."""
        settings = process.runtime.settings
        self._process = process
        self._concurrency = concurrency
        self._batches = {
            Work.APPLY: settings.event_batch,
            Work.FIRE: settings.timer_batch,
            Work.RELAY: settings.effect_batch,
        }
        self._sandbox = sandbox_of(process.runtime)
        self._limiter = TimeLimiter(answer_seconds, BrokerUnreachable, "makegood-broker")
        self._sweeper = TimeLimiter(answer_seconds, _StillSweeping, "makegood-sweep")

    def look(self) -> backlog.Backlog:
        """What waits now; rows are counted up to as many as the pool can take in one batch each."""
        runtime = self._process.runtime
        bound = max(self._batches.values()) * self._concurrency
        return backlog.look(runtime.store, runtime.clock.now(), bound)

    def ask(self, work: Work, waiting: int) -> None:
        """Wake a listener or send a message, and send one more for every further batch.

        No more are sent than the pool has processes. Raises BrokerUnreachable.
        """
        runtime, broker = self._process.runtime, self._process.broker
        subjects = backlog.some_subjects(runtime.store, runtime.clock.now(), work)
        more = min(self._concurrency, math.ceil(waiting / self._batches[work])) - 1

        def send() -> None:
            broker.wake(work, subjects)
            for _ in range(more):
                broker.go(work, subjects)

        self._limiter.call(send)

    def has_listener(self) -> bool:
        """Whether a process listens, which is there when the next timer is due; False when in doubt."""
        return self._answer(lambda: self._process.broker.notifier.subscribers() > 0)

    def broker_answers(self) -> bool:
        """Whether the broker takes messages now, and says so in time."""
        return self._answer(self._process.broker.reachable)

    def carry_out(self, work: Work) -> None:
        """Do a bounded part of this work in this process; the next look finds the rest."""
        if work is Work.RELAY:
            with suppress(BrokerUnreachable):  # it goes on for as long as the broker takes
                self._limiter.call(self._process.relay.run)
        else:
            self._process.decide()

    def sweep(self) -> None:
        """Hand lost sends over to people, and forget what need not be kept any longer.

        Where that takes longer than a moment, it goes on beside what is done here.
        """
        if self._sandbox is not None:
            self._sandbox.real_time.look()
        with suppress(_StillSweeping):
            self._sweeper.call(self.sweep_store)

    def sweep_store(self) -> None:
        """What of a sweep asks the store, for as long as that takes. In a thread of its own."""
        runtime = self._process.runtime
        now = runtime.clock.now()
        audit.prune(runtime.store, now - timedelta(days=runtime.settings.audit_days))
        unmapped.prune(runtime.store, now - timedelta(days=runtime.settings.unmapped_days))
        contact_log.prune(runtime.store, now - LONGEST_CAP)
        attempts.prune(runtime.store, now - timedelta(days=runtime.settings.subscription_attempt_days))
        failing = timedelta(days=runtime.settings.subscription_failing_days)
        warn_of_failing_subscriptions(runtime.engine, now, failing)
        unknown = sweep(runtime.engine, runtime.clock)
        if unknown:
            log.warning("sends with an unknown outcome went to a person", sends=unknown)

    def pass_time(self) -> float | None:
        """In a sandbox: carry out an advance of its clock, as far as that can be done now."""
        return None if self._sandbox is None else self._sandbox.passing.step()

    def _answer(self, question: Callable[[], bool]) -> bool:
        try:
            return self._limiter.call(question)
        except BrokerUnreachable:
            return False
