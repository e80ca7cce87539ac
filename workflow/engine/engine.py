"""The engine: events in, decisions out, ONE transaction a batch; the only writer of subject state.

The steps of a batch: claim (lock the subjects, read the work), decide (pure), write, commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from state_machines.decide import apply_decision, decide
from state_machines.decision import Event
from state_machines.values.instants import earlier
from workflow.access.principal import Principal
from workflow.clock import Clock, monotonic
from workflow.engine.acceptance import Acceptance, Acceptor
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.batch_sizes import BatchSizes
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.decision_marks import DecisionMarks
from workflow.engine.decision_spans import DecisionSpans
from workflow.engine.endless_chains import MOST_HOPS, EndlessChain, described_chain
from workflow.engine.fan_out import FanOut
from workflow.engine.progress import Progress
from workflow.engine.refused_opening import refused_opening
from workflow.engine.registry import Registry
from workflow.engine.revisions import take_revisions
from workflow.engine.suspects import parted, suspect
from workflow.engine.team import team_of
from workflow.engine.timer_book import TimerBook
from workflow.engine.transient_errors import described, is_exhausted, is_transient
from workflow.engine.waiting_line import WAITING_LINE
from workflow.search.noting import note
from workflow.search.spelling import KnownWords
from workflow.store.port import Changes, Claim, Dispatch, NewMove, Pending, Store, Transaction

LONGEST = 1.0
"""Seconds that the decisions of one batch may take: meanwhile nobody else can write to an SQLite file."""
_SHOWN = 5

log = structlog.get_logger(__name__)


class _TakesLong(Exception):
    """A batch takes too long; so many of its decisions were taken in time."""

    def __init__(self, decided: int) -> None:
        self.decided = decided


class _LeftBehind(Exception):
    """A process that is gone has left a note of what it was deciding."""


class Engine:
    """Accepts events, applies them and fires timers, on one store."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        clock: Clock,
        tasks: AllowedTasks | None = None,
        marks: DecisionMarks | None = None,
        longest: float | None = LONGEST,
        searched: bool = True,
    ) -> None:
        """An engine.

        Args:
            tasks: those that events may name; None: any but our own.
            marks: where this process notes what it decides, for others to know if it dies over it.
            longest: seconds that the decisions of one batch may take; None: as long as they take, for what
                must follow from virtual time alone.
            searched: whether subjects are to be found by what they are; False: nobody looks for them.
        """
        self.store = store
        self.registry = registry
        self.clock = clock
        self._tasks = tasks or AllowedTasks()
        self.marks = marks or DecisionMarks()
        self._longest = longest
        self._known_words = KnownWords() if searched else None
        self._sizes = BatchSizes(steady=longest is None)
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

    def apply(
        self, limit: int = 500, dispatch: Dispatch | None = None, *, from_outside: bool = False
    ) -> Progress:
        """Decide up to `limit` accepted events, in order, in one transaction.

        With `dispatch`, few effects come back as `Progress.claimed`, for the caller to put on the broker.
        With `from_outside`, only of subjects to which something came from outside: somebody may wait for it.
        """

        def claimed(transaction: Transaction, most: int) -> Claim:
            return transaction.claim_events(most, from_outside=from_outside)

        return self._sized("events", claimed, limit, dispatch)

    def fire(self, limit: int = 500, dispatch: Dispatch | None = None) -> Progress:
        """Decide up to `limit` due timers, the longest due first, in one transaction.

        Before a timer come the events of its subject that were accepted by the time it was due.
        """

        def claimed(transaction: Transaction, most: int) -> Claim:
            return transaction.claim_timers(self.clock.now(), most)

        return self._sized("timers", claimed, limit, dispatch)

    def _sized(
        self,
        kind: str,
        claimed: Callable[[Transaction, int], Claim],
        most: int,
        dispatch: Dispatch | None,
    ) -> Progress:
        """Decide a batch of as many as take a moment."""
        limit, begun = self._sizes.limit(kind, most), monotonic()
        done = self._batch(claimed, limit, dispatch)
        self._sizes.note(kind, done.decided, monotonic() - begun)
        return done

    def _batch(
        self, claimed: Callable[[Transaction, int], Claim], limit: int, dispatch: Dispatch | None
    ) -> Progress:
        """Decide a batch in one go; if that cannot be written, once more, each decision by itself.

        One that takes too long is given up, and begun anew with as many as could be decided in time.
        """
        try:
            try:
                return self._in_transaction(
                    lambda transaction: self._decide(
                        transaction,
                        self._claimed(transaction, claimed, limit),
                        dispatch,
                        last=True,
                        longest=self._longest,
                    )
                )
            except _TakesLong as long:
                limit = max(1, min(limit, long.decided))
                return self._in_transaction(
                    lambda transaction: self._decide(
                        transaction, self._claimed(transaction, claimed, limit), dispatch, last=True
                    )
                )
        except Exception as error:
            if is_transient(error):
                raise
        return self._in_transaction(lambda transaction: self._decide_each(transaction, claimed, limit))

    def _in_transaction(self, decide: Callable[[Transaction], Progress]) -> Progress:
        """Decide in one transaction; what ended the processes that are gone is known to it.

        They are looked for with the claim in hand: nobody can have died over that, and be unknown, since.
        """
        marks = self.marks
        marks.open()
        try:
            while True:
                try:
                    with self.store.begin() as transaction:
                        done = decide(transaction)
                except _LeftBehind:
                    self._count_deaths()
                    continue
                if done.words and self._known_words is not None:
                    self._known_words.committed(done.words)
                for span in done.spans:
                    span.end()
                return done
        except BaseException as error:
            if is_exhausted(error) and (work := marks.now_deciding()):
                marks.note_trouble()
                suspect(self.store, work, self.clock.now())
            raise
        finally:
            marks.clear()

    def _count_deaths(self) -> None:
        """Make suspects of what processes were deciding when they died."""
        with self.marks.taken() as notes:
            for work in notes:
                try:
                    suspect(self.store, work, self.clock.now())
                except Exception as error:
                    if is_transient(error):
                        raise
                    log.error(
                        "a process died over a decision, and nobody knows which", error=described(error)
                    )
                    continue
                log.warning("a process died over a decision", decisions=len(work))

    def _claimed(
        self, transaction: Transaction, claimed: Callable[[Transaction, int], Claim], limit: int
    ) -> Claim:
        """A claim of what may be decided together, noted; the rest is left to the next.

        Raises _LeftBehind where a process is gone whose death is still to be counted.
        """
        claim = claimed(transaction, limit)
        if self.marks.left_behind():
            raise _LeftBehind
        part = parted(claim.work, calm=self.marks.is_calm())
        if part.left:
            transaction.put_back(part.left)
            claim.work = list(part.first)
            claim.full = part.more or (claim.full and len(part.first) > 0)
        self.marks.begin(claim.work)
        take_revisions(transaction.connection, claim)
        return claim

    def _decide_each(
        self, transaction: Transaction, claimed: Callable[[Transaction, int], Claim], limit: int
    ) -> Progress:
        claim = self._claimed(transaction, claimed, limit)
        done = Progress(full=claim.full, next_due=claim.next_due)
        for number, work in enumerate(claim.work):
            done = done.plus(self._decide_alone(transaction, claim, number, work))
        return done

    def _decide_alone(self, transaction: Transaction, claim: Claim, number: int, work: Pending) -> Progress:
        """Decide one piece of work in a savepoint; if it cannot be written, it becomes a dead letter."""
        before = claim.subjects[work.subject_row]
        alone = replace(claim, work=[work])
        try:
            with transaction.connection.begin_nested():
                return self._decide(transaction, alone, first=number)
        except Exception as error:
            if is_transient(error):
                raise
            claim.subjects[work.subject_row] = before
            changes, now = Changes(), self.clock.now()
            TimerBook(claim, changes, now).bury(work, described(error))
            transaction.write(changes, now)
            return Progress(1)

    def _decide(
        self,
        transaction: Transaction,
        claim: Claim,
        dispatch: Dispatch | None = None,
        *,
        last: bool = False,
        longest: float | None = None,
        first: int = 0,
    ) -> Progress:
        """Decide what was claimed, and write it; `first` is its place in the batch that is noted.

        Raises _TakesLong where it takes longer than `longest` seconds.
        """
        if not claim.work:
            return Progress(next_due=claim.next_due)
        now = self.clock.now()
        changes = Changes()
        fan_out, timers = FanOut(self.registry, changes, self._tasks), TimerBook(claim, changes, now)
        until = None if longest is None else monotonic() + longest
        marks, spans = self.marks, DecisionSpans(transaction.connection, claim.work)
        for number, work in enumerate(claim.work, first):
            if until is not None and number and monotonic() > until:
                raise _TakesLong(number)
            marks.deciding(number)
            begun = len(spans.begun)
            try:
                self._decide_one(claim, work, changes, fan_out, timers, now, spans)
            except EndlessChain as chain:
                subject = claim.subjects[work.subject_row]
                error = described_chain(transaction.connection, subject, str(chain), work)
                timers.bury(work, error)
            except Exception as error:  # a fault in one decision must not hold up the rest of the batch
                if is_transient(error):
                    raise
                spans.failed(begun, error)
                timers.bury(work, described(error))
        if len(claim.work) > 1:
            marks.writing()
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
            frozenset(changes.words),
            tuple(spans.begun),
        )

    def _decide_one(
        self,
        claim: Claim,
        work: Pending,
        changes: Changes,
        fan_out: FanOut,
        timers: TimerBook,
        now: datetime,
        spans: DecisionSpans,
    ) -> None:
        subject = claim.subjects[work.subject_row]
        lifecycle = self.registry.get(subject.lifecycle, subject.version)
        event = work.event
        if event.timer is not None:
            held = subject.timers.get(event.timer)
            if held is None or held.setting != event.setting:
                return  # an earlier decision of this very batch cancelled it or set it anew
            event = Event(lifecycle.timeouts[event.timer].on_timeout, *event[1:])
        if work.hops >= MOST_HOPS:
            raise EndlessChain(event.trigger)
        span = spans.begin(work, subject, event.trigger)
        decision = decide(lifecycle, subject, event, now)
        failed = refused_opening(subject, event, decision)
        if failed is not None:
            span.fail("the opening was refused")
            timers.bury(work, failed)
            return
        successor = apply_decision(subject, event, decision, now)
        barometer = lifecycle.barometer
        figures = None
        if barometer is not None and (decision.data is not subject.data or decision.dest != subject.state):
            figures = barometer.read(successor)
        # Refuses before anything is changed.
        fan_out.add(work.subject_row, successor, decision, work.hops + 1, span.traceparent)
        if figures is not None:
            changes.figures[work.subject_row] = figures
        place = WAITING_LINE.of(subject.lifecycle)
        if place is not None and (stands := place(successor)) != place(subject):
            changes.places[work.subject_row] = stands
        if self._known_words is not None:
            note(changes, work.subject_row, lifecycle.search, subject, successor, self._known_words)
        if decision.data is not subject.data:
            changes.data_kept.discard(work.subject_row)
        elif work.subject_row not in changes.subjects:
            changes.data_kept.add(work.subject_row)
        claim.subjects[work.subject_row] = changes.subjects[work.subject_row] = successor
        if decision.dest in lifecycle.final_states:
            changes.closed.add(work.subject_row)
        else:
            changes.closed.discard(work.subject_row)
        timers.add(work.subject_row, lifecycle, decision, work.hops + 1)
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
                team_of(successor),
                span.traceparent,
            )
        )
        spans.decided(span, decision, successor.seq)
