"""The engine: events in, decisions out, ONE transaction a batch; the only writer of subject state.

The steps of a batch: claim (lock the subjects, read the work), decide (pure), write, commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from state_machines.decide import apply_decision, decide
from state_machines.decision import Event
from state_machines.values.instants import earlier
from workflow.access.principal import Principal
from workflow.clock import Clock, monotonic
from workflow.engine.acceptance import Acceptance, Acceptor
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.fan_out import FanOut
from workflow.engine.refused_opening import refused_opening
from workflow.engine.registry import Registry
from workflow.engine.timer_book import TimerBook
from workflow.engine.transient_errors import described, is_transient
from workflow.store.port import Changes, Claim, Dispatch, EffectRow, NewMove, Pending, Store, Transaction

LONGEST = 1.0
"""Seconds that the decisions of one batch may take: meanwhile nobody else can write to an SQLite file."""
_SHOWN = 5


class _TakesLong(Exception):
    """A batch takes too long; so many of its decisions were taken in time."""

    def __init__(self, decided: int) -> None:
        self.decided = decided


@dataclass(frozen=True, slots=True)
class Progress:
    """What a batch did.

    Attributes:
        decided: how many events or timers were decided (dead ones included).
        effects: how many effects now wait in the outbox because of it.
        events: how many events it sent to other subjects; they wait in the inbox.
        subjects: keys of some subjects, five at most, for people who watch.
        earliest: the earliest instant at which a timer that it set is due, UTC.
        full: whether more is likely to wait (see `Claim`).
        claimed: effects written as published (see `Dispatch`), to be put on the broker now.
        next_due: of `fire`: when the next timer is due that was not due yet, UTC; None when there is none.
    """

    decided: int = 0
    effects: int = 0
    events: int = 0
    subjects: tuple[str, ...] = ()
    earliest: datetime | None = None
    full: bool = False
    claimed: tuple[EffectRow, ...] = ()
    next_due: datetime | None = None

    def plus(self, more: Progress) -> Progress:
        """The sum of this and what another part of the same batch did."""
        return Progress(
            self.decided + more.decided,
            self.effects + more.effects,
            self.events + more.events,
            tuple(dict.fromkeys(self.subjects + more.subjects))[:5],
            earlier(self.earliest, more.earliest),
            self.full,
            self.claimed + more.claimed,
            earlier(self.next_due, more.earliest),
        )


class Engine:
    """Accepts events, applies them and fires timers, on one store."""

    def __init__(
        self, store: Store, registry: Registry, clock: Clock, tasks: AllowedTasks | None = None
    ) -> None:
        """`tasks` are those that events may name; None: any but our own."""
        self.store = store
        self.registry = registry
        self.clock = clock
        self._tasks = tasks or AllowedTasks()
        self.acceptor = Acceptor(store, registry, clock, self._tasks)

    def accept(self, events: Sequence[CloudEvent], by: Principal | None = None) -> list[Acceptance]:
        """Put events into the ledger, all in one transaction; they are applied later, exactly once.

        `by` is whose they are; None: makegood's own, or of a program that has the database.

        Raises:
            InvalidEvent: at least one cannot ever apply (unknown lifecycle or trigger, data that
                breaks its declaration, an id twice in the batch); nothing is stored.
            NotPermitted: the same, where `by` may not send one of them.
            EventConflict: at least one has the `source` and `id` of another event; nothing is stored.
        """
        return self.acceptor.accept(events, by)

    def apply(self, limit: int = 500, dispatch: Dispatch | None = None) -> Progress:
        """Decide up to `limit` accepted events, in order, in one transaction.

        With `dispatch`, few effects come back as `Progress.claimed`, for the caller to put on the broker.
        """
        return self._batch(lambda transaction, most: transaction.claim_events(most), limit, dispatch)

    def fire(self, limit: int = 500, dispatch: Dispatch | None = None) -> Progress:
        """Decide up to `limit` due timers, the longest due first, in one transaction.

        Before a timer come the events of its subject that were accepted by the time it was due.
        """
        return self._batch(
            lambda transaction, most: transaction.claim_timers(self.clock.now(), most), limit, dispatch
        )

    def _batch(
        self, claimed: Callable[[Transaction, int], Claim], limit: int, dispatch: Dispatch | None
    ) -> Progress:
        """Decide a batch in one go; if that cannot be written, once more, each decision by itself.

        One that takes too long is given up, and begun anew with as many as could be decided in time.
        """
        try:
            try:
                with self.store.begin() as transaction:
                    claim = claimed(transaction, limit)
                    return self._decide(transaction, claim, dispatch, last=True, longest=LONGEST)
            except _TakesLong as long:
                limit = max(1, min(limit, long.decided))
                with self.store.begin() as transaction:
                    return self._decide(transaction, claimed(transaction, limit), dispatch, last=True)
        except Exception as error:
            if is_transient(error):
                raise
        with self.store.begin() as transaction:
            claim = claimed(transaction, limit)
            done = Progress(full=claim.full, next_due=claim.next_due)
            for work in claim.work:
                done = done.plus(self._decide_alone(transaction, claim, work))
            return done

    def _decide_alone(self, transaction: Transaction, claim: Claim, work: Pending) -> Progress:
        """Decide one piece of work in a savepoint; if it cannot be written, it becomes a dead letter."""
        before = claim.subjects[work.subject_row]
        alone = replace(claim, work=[work])
        try:
            with transaction.connection.begin_nested():
                return self._decide(transaction, alone)
        except Exception as error:
            if is_transient(error):
                raise
            claim.subjects[work.subject_row] = before
            changes = Changes()
            TimerBook(claim, changes).bury(work, described(error))
            transaction.write(changes, self.clock.now())
            return Progress(1)

    def _decide(
        self,
        transaction: Transaction,
        claim: Claim,
        dispatch: Dispatch | None = None,
        *,
        last: bool = False,
        longest: float | None = None,
    ) -> Progress:
        """Decide what was claimed, and write it. Raises _TakesLong where it takes longer than `longest`."""
        if not claim.work:
            return Progress(next_due=claim.next_due)
        now = self.clock.now()
        changes = Changes()
        fan_out, timers = FanOut(self.registry, changes, self._tasks), TimerBook(claim, changes)
        until = None if longest is None else monotonic() + longest
        for number, work in enumerate(claim.work):
            if until is not None and number and monotonic() > until:
                raise _TakesLong(number)
            try:
                self._decide_one(claim, work, changes, fan_out, timers, now)
            except Exception as error:  # a fault in one decision must not hold up the rest of the batch
                if is_transient(error):
                    raise
                timers.bury(work, described(error))
        emits = fan_out.emits
        claimed = transaction.write(changes, now, dispatch, last=last and not emits)
        events = fan_out.send(transaction, now) if emits else 0
        earliest = min(
            (timer.due_at for timer in changes.timers_set.values() if timer.due_at is not None), default=None
        )
        keys = dict.fromkeys(claim.subjects[work.subject_row].key for work in claim.work[:_SHOWN])
        return Progress(
            len(claim.work),
            len(changes.effects),
            events,
            tuple(keys),
            earliest,
            claim.full,
            tuple(claimed),
            earlier(claim.next_due, earliest),
        )

    def _decide_one(
        self,
        claim: Claim,
        work: Pending,
        changes: Changes,
        fan_out: FanOut,
        timers: TimerBook,
        now: datetime,
    ) -> None:
        subject = claim.subjects[work.subject_row]
        lifecycle = self.registry.get(subject.lifecycle, subject.version)
        event = work.event
        if event.timer is not None:
            held = subject.timers.get(event.timer)
            if held is None or held.setting != event.setting:
                return  # an earlier decision of this very batch cancelled it or set it anew
            event = Event(lifecycle.timeouts[event.timer].on_timeout, *event[1:])
        decision = decide(lifecycle, subject, event, now)
        failed = refused_opening(subject, event, decision)
        if failed is not None:
            timers.bury(work, failed)
            return
        successor = apply_decision(subject, event, decision, now)
        barometer = lifecycle.barometer
        figures = None
        if barometer is not None and (decision.data is not subject.data or decision.dest != subject.state):
            figures = barometer.read(successor)
        fan_out.add(work.subject_row, successor, decision)  # refuses before anything is changed
        if figures is not None:
            changes.figures[work.subject_row] = figures
        if decision.data is not subject.data:
            changes.data_kept.discard(work.subject_row)
        elif work.subject_row not in changes.subjects:
            changes.data_kept.add(work.subject_row)
        claim.subjects[work.subject_row] = changes.subjects[work.subject_row] = successor
        if decision.dest in lifecycle.final_states:
            changes.closed.add(work.subject_row)
        else:
            changes.closed.discard(work.subject_row)
        timers.add(work.subject_row, lifecycle, decision)
        changes.moves.append(
            NewMove(
                work.subject_row,
                successor.seq,
                work.event_row,
                event.timer,
                event.setting,
                work.due_at,
                event.trigger,
                decision.source,
                decision.dest,
                decision.outcome.value,
                decision.reason,
                lifecycle.version,
                now,
            )
        )
