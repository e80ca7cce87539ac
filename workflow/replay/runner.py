"""The virtual clock of a replay: events at their instants, and timers between them at theirs.

At one instant everything happens in this order: the events of the log, in order of their rows; what
they send to other subjects; then the timers that are due, and what these send; until nothing is left.
An event at the very instant of a deadline therefore comes before it.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from state_machines.errors import Problem
from state_machines.values.instants import format_instant
from workflow.clock import VirtualClock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.due_timers import DUE_TIMERS
from workflow.engine.engine import Engine
from workflow.errors import EventConflict
from workflow.replay.plan import PlannedEvent
from workflow.replay.refusal import ReplayRefused
from workflow.replay.watcher import Watcher
from workflow.store.port import Store

BATCH = 500
"""Events or timers in one transaction, at most."""

MAX_BATCHES = 10_000
"""Batches at one instant, after which a definition is taken to go round in circles there."""


class Runner:
    """Plays planned events through an engine whose clock it moves."""

    def __init__(self, engine: Engine, store: Store, clock: VirtualClock, watcher: Watcher) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._watcher = watcher
        self._not_before = DUE_TIMERS.next_due(store)
        """No timer is due earlier than this; None when there is none at all."""

    def run(self, events: Sequence[PlannedEvent], until: datetime) -> set[str]:
        """Apply `events`, which stand in order of time, and let the clock run on to `until`.

        Returns:
            The ids of events that the store already had.

        Raises:
            ReplayRefused: the definition never comes to rest at some instant.
        """
        known: set[str] = set()
        for at, group in groupby(events, key=lambda one: one.row.at):
            batch = [one.event for one in group]
            self._let_timers_fire(at, including=False)
            self._move_to(at)
            known |= self._accept(batch)
            self._come_to_rest(events_wait=True)
            self._watcher.applied(len(batch))
        self._let_timers_fire(until, including=True)
        self._clock.move_to(until)
        return known

    def _move_to(self, at: datetime) -> None:
        self._clock.move_to(at)
        self._watcher.at(at)

    def _accept(self, batch: list[CloudEvent]) -> set[str]:
        known: set[str] = set()
        for start in range(0, len(batch), BATCH):
            try:
                answers = self._engine.accept(batch[start : start + BATCH])
            except EventConflict as error:  # the store was filled from another log
                raise ReplayRefused(error.problems) from None
            known.update(answer.event_id for answer in answers if answer.status == "duplicate")
        return known

    def _let_timers_fire(self, limit: datetime, *, including: bool) -> None:
        """Move to every instant before `limit` (or at it) at which a timer is due."""
        while True:
            due = self._due(limit)
            if due is None or (due == limit and not including):
                return
            self._move_to(max(due, self._clock.now()))
            self._come_to_rest(events_wait=False)

    def _due(self, limit: datetime) -> datetime | None:
        """When the next timer is due, if not after `limit`. Asks the store only where one can be."""
        if self._not_before is None or self._not_before > limit:
            return None
        self._not_before = DUE_TIMERS.next_due(self._store)
        return None if self._not_before is None or self._not_before > limit else self._not_before

    def _come_to_rest(self, *, events_wait: bool) -> None:
        for _ in range(MAX_BATCHES):
            if events_wait:
                progress = self._engine.apply(BATCH)
            elif self._due(self._clock.now()) is not None:
                progress = self._engine.fire(BATCH)
                self._watcher.fired(progress.decided)
                # What has fired is gone: only the store knows which timer is the next one now.
                self._not_before = DUE_TIMERS.next_due(self._store)
            else:
                return
            events_wait = progress.events > 0 or (events_wait and progress.full)
            self._hear_of(progress.earliest)
        now = format_instant(self._clock.now())
        message = f"events and timers call each other without end at {now}"
        raise ReplayRefused([Problem("lifecycle", "no-rest", message)])

    def _hear_of(self, due: datetime | None) -> None:
        if due is not None and (self._not_before is None or due < self._not_before):
            self._not_before = due
