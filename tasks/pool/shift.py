"""A shift: what a process does when it is asked to decide. Decide what waits, stand by, hand over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypedDict

import structlog

from tasks.pool.process import Process
from tasks.pool.slots import of_this_pool
from tasks.pool.standing import Standing
from workflow.broker.notifier import Subscription
from workflow.broker.task_names import FIRE, RELAY
from workflow.clock import monotonic
from workflow.engine.turns import AT_ONCE, SECONDS, Turns
from workflow.errors import BrokerUnreachable

_LEASE_SHARE = 0.3
"""Of a lease: far from the time limits of tasks, however short somebody sets it."""

log = structlog.get_logger(__name__)


class Done(TypedDict):
    """What our tasks return. Monitoring shows it: counts, and keys of some subjects."""

    decided: int
    published: int
    subjects: list[str]


def work(process: Process, task: str) -> Done:
    """Decide what waits and, if nobody of this pool does so yet, stand by for what comes next."""
    shift = Shift(process, task)
    slots = of_this_pool()
    slot = slots.take(slots.for_listening) if slots is not None and _may_stand(process) else None
    if slots is None or slot is None:
        if shift.decide():
            shift.call(process.broker.go)  # there is work for one more than stands by
        return shift.finish()

    def hand_over() -> None:
        slots.give_back(slot)
        process.broker.go(task)

    try:
        if shift.stand(None if slots.processes == 1 else hand_over):
            shift.call(process.broker.wake)
        return shift.finish()
    finally:
        slots.give_back(slot)


def deadlines_first(process: Process) -> None:
    """For who is about to do bulk: while deadlines come thick and fast, help with them."""
    shift = Shift(process, FIRE)
    shift.rush()
    shift.finish()


@contextmanager
def sending_slot(process: Process, seconds: float) -> Iterator[bool]:
    """Among those who may send notices, all processes of a pool but one; False when no seat got free in time.

    Who finds none stands by meanwhile, so that deadlines have somebody. (Where nobody can stand by, there are
    seats for all.)
    """
    slots = of_this_pool()
    if slots is None or not _may_stand(process):
        yield True
        return
    taken: list[int] = []

    def found() -> bool:
        slot = slots.take(slots.for_sending)
        taken.extend([] if slot is None else [slot])
        return bool(taken)

    try:
        deaf = False
        if not found():
            shift = Shift(process, FIRE, seconds)
            if shift.stand(None, found):
                shift.call(process.broker.wake)
            shift.finish()
            deaf = shift.deaf
        yield bool(taken) or deaf
    finally:
        for slot in taken:
            slots.give_back(slot)


class Shift:
    """One run of one process."""

    def __init__(self, process: Process, task: str, seconds: float = SECONDS) -> None:
        """For so many seconds, about; `task` is by which others are called."""
        self._process = process
        self._task = task
        self._turns = Turns(process.runtime.engine, process.runtime.settings, process.relay.publish)
        self._most = min(seconds, process.runtime.settings.lease_seconds * _LEASE_SHARE)
        self._asked = 0
        self.deaf = False
        """Whether it could not stand by."""

    def decide(self) -> bool:
        """What waits now, and no more; whether time ran out over it."""
        return self._turns.until_quiet(self._most).more

    def stand(self, hand_over: Callable[[], None] | None, enough: Callable[[], bool] | None = None) -> bool:
        """Decide, and what comes next; whether somebody else must be called. See `Standing`."""
        subscription = self._process.broker.notifier.listen()
        if subscription is None:
            self.deaf = True
            return self.decide()
        standing = Standing(self._process, self._turns, subscription, most=self._most, hand_over=hand_over)
        more = False
        try:
            more = standing.run(enough)
        except BrokerUnreachable as error:
            log.warning("stands by no longer", error=str(error))
        finally:
            self._asked = standing.relayed
            rang = _left(subscription)
        # Nobody counts on us any more; who did until now must not have done so in vain.
        return self.decide() or more if rang else more

    def rush(self) -> None:
        """Help as long as more falls due than who decides can publish as well, and no longer."""
        deadline = monotonic() + self._most
        while self._turns.anew() > AT_ONCE and monotonic() < deadline:
            pass

    def call(self, by: Callable[[str, Sequence[str]], object]) -> None:
        """Have somebody go on where this one stops; what the broker does not take, a sweep finds."""
        self._tell(lambda: by(self._task, self._turns.summary.subjects))

    def finish(self) -> Done:
        """Have the rest relayed, and tell the clocks of much work and of what is due soon."""
        summary, broker = self._turns.summary, self._process.broker
        if summary.effects > self._asked:
            self._tell(lambda: broker.go(RELAY, summary.subjects))
        if summary.full or self._before_next_sweep():
            self._tell(lambda: broker.wake_clocks(summary.earliest or self._process.runtime.clock.now()))
        return {
            "decided": summary.decided,
            "published": summary.published,
            "subjects": list(summary.subjects),
        }

    def _tell(self, said: Callable[[], object]) -> None:
        try:
            said()
        except BrokerUnreachable as error:
            log.warning("wake-up lost, the next sweep finds the work", task=self._task, error=str(error))

    def _before_next_sweep(self) -> bool:
        runtime, earliest = self._process.runtime, self._turns.summary.earliest
        return earliest is not None and runtime.clock.seconds_until(earliest) < runtime.settings.sweep_seconds


def _may_stand(process: Process) -> bool:
    return process.runtime.settings.stand_by_seconds > 0


def _left(subscription: Subscription) -> bool:
    """Whether somebody rang before all knew that we had gone; when in doubt, yes."""
    with suppress(BrokerUnreachable):
        return bool(subscription.leave())
    return True
