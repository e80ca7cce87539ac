"""The decisions of one batch: each is taken, and what all of them change is gathered and written at once.

A fault in one becomes a dead letter and holds up none of the others.
"""

from __future__ import annotations

from datetime import datetime

from state_machines.decision import Decision, Event
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.subject import Subject
from state_machines.values.instants import earlier
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.deciding import decide_event
from workflow.engine.decision_spans import DecisionSpans
from workflow.engine.endless_chains import MOST_HOPS, EndlessChain, described_chain
from workflow.engine.fan_out import FanOut
from workflow.engine.progress import Progress
from workflow.engine.refused_opening import refused_opening
from workflow.engine.registry import Registry
from workflow.engine.team import team_of
from workflow.engine.timer_book import TimerBook
from workflow.engine.transient_errors import described, is_transient
from workflow.engine.waiting_line import WAITING_LINE
from workflow.search.noting import note
from workflow.search.spelling import KnownWords
from workflow.store.port import Changes, Claim, Dispatch, NewMove, Pending, Transaction

_SHOWN = 5


class BatchDecisions:
    """Decides what was claimed, one after another, and writes it; for one transaction."""

    def __init__(
        self,
        transaction: Transaction,
        claim: Claim,
        now: datetime,
        registry: Registry,
        tasks: AllowedTasks,
        known_words: KnownWords | None,
    ) -> None:
        """`now` is the instant of all its decisions, UTC; without `known_words` nobody looks for subjects."""
        self._transaction = transaction
        self._claim = claim
        self._now = now
        self._registry = registry
        self._known_words = known_words
        self._changes = Changes()
        self._fan_out = FanOut(registry, self._changes, tasks)
        self._timers = TimerBook(claim, self._changes, now)
        self._spans = DecisionSpans(transaction.connection, claim.work)

    def decide(self, work: Pending) -> None:
        """Decide one piece of the claimed work; what fails becomes a dead letter.

        Raises what is no fault of the decision, such as a database that is gone.
        """
        begun = len(self._spans.begun)
        try:
            self._decide(work)
        except EndlessChain as chain:
            subject = self._claim.subjects[work.subject_row]
            error = described_chain(self._transaction.connection, subject, str(chain), work)
            self._timers.bury(work, error)
        except Exception as error:  # a fault in one decision must not hold up the rest of the batch
            if is_transient(error):
                raise
            self._spans.failed(begun, error)
            self._timers.bury(work, described(error))

    def write(self, dispatch: Dispatch | None, *, last: bool) -> Progress:
        """Write all that was decided; what that was.

        `last`: nothing else is written in this transaction. With `dispatch` notices and few tasks are
        written as published, for the caller to put on the broker.
        """
        changes, claim = self._changes, self._claim
        emits = self._fan_out.emits
        claimed = self._transaction.write(changes, self._now, dispatch, last=last and not emits)
        events = self._fan_out.send(self._transaction, self._now) if emits else 0
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
            tuple(self._spans.begun),
        )

    def _decide(self, work: Pending) -> None:
        subject = self._claim.subjects[work.subject_row]
        lifecycle = self._registry.get(subject.lifecycle, subject.version)
        event = work.event
        if event.timer is not None:
            held = subject.timers.get(event.timer)
            if held is None or held.setting != event.setting:
                return  # an earlier decision of this very batch cancelled it or set it anew
            event = Event(lifecycle.timeouts[event.timer].on_timeout, *event[1:])
        if work.hops >= MOST_HOPS:
            raise EndlessChain(event.trigger)
        span = self._spans.begin(work, subject, event.trigger)
        lifecycle, decision, successor = decide_event(self._registry, lifecycle, subject, event, self._now)
        failed = refused_opening(subject, event, decision)
        if failed is not None:
            span.fail("the opening was refused")
            self._timers.bury(work, failed)
            return
        barometer, moved = lifecycle.barometer, decision.dest != subject.state
        figures = None
        if barometer is not None and (moved or decision.data is not subject.data):
            figures = barometer.read(successor)
        # Refuses before anything is changed.
        self._fan_out.add(work.subject_row, successor, decision, work.hops + 1, span.traceparent)
        if figures is not None:
            self._changes.figures[work.subject_row] = figures
        self._change(work.subject_row, lifecycle, subject, successor, decision)
        self._timers.add(work.subject_row, lifecycle, decision, work.hops + 1)
        self._changes.moves.append(
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
                self._now,
                team_of(successor),
                span.traceparent,
            )
        )
        self._spans.decided(span, decision, successor.seq)

    def _change(
        self, row: int, lifecycle: Lifecycle, subject: Subject, successor: Subject, decision: Decision
    ) -> None:
        """Note the successor, and what follows from it for the line, the search and what is closed."""
        changes = self._changes
        place = WAITING_LINE.of(subject.lifecycle)
        if place is not None and (stands := place(successor)) != place(subject):
            changes.places[row] = stands
        if self._known_words is not None:
            note(changes, row, lifecycle.search, subject, successor, self._known_words)
        if decision.data is not subject.data:
            changes.data_kept.discard(row)
        elif row not in changes.subjects:
            changes.data_kept.add(row)
        self._claim.subjects[row] = changes.subjects[row] = successor
        if decision.dest in lifecycle.final_states:
            changes.closed.add(row)
        else:
            changes.closed.discard(row)
