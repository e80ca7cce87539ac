"""The engine: events in, decisions out, ONE transaction a batch; the only writer of subject state.

The steps of a batch: claim (lock the subjects, read the work), decide (pure), write, commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from state_machines import event_data
from state_machines.decide import apply_decision, decide
from state_machines.errors import EventDataError, Problem
from state_machines.lifecycle import Lifecycle
from workflow.bookkeeping import bury, keep_timers
from workflow.clock import Clock
from workflow.cloudevent import CloudEvent
from workflow.consequences import Consequences
from workflow.errors import InvalidEvent, UnknownDefinition
from workflow.faults import is_passing, told
from workflow.outbox import settle_receipts
from workflow.registry import Registry
from workflow.store.port import Changes, Claim, NewEvent, NewMove, Pending, Store, Transaction


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the front door answers about one event.

    `status` is ``accepted`` or ``duplicate``; `outcome` is ``pending`` until it is decided, then
    ``moved``, ``stayed``, ``refused`` (with the `reason`) or ``dead`` (its decision failed).
    """

    event_id: str
    source: str
    subject: str
    status: str
    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a batch did.

    Attributes:
        decided: how many events or timers were decided (dead ones included).
        effects: how many effects now wait in the outbox because of it.
        events: how many events it sent to other subjects; they wait in the inbox.
        subjects: keys of the subjects, five at most, for people to recognise the batch by.
        earliest: the earliest instant at which a timer that it set is due, UTC.
        full: whether the batch reached its limit, so that more is likely to wait.
    """

    decided: int = 0
    effects: int = 0
    events: int = 0
    subjects: tuple[str, ...] = ()
    earliest: datetime | None = None
    full: bool = False

    def plus(self, more: Progress) -> Progress:
        """With what another part of the same batch did."""
        dues = [due for due in (self.earliest, more.earliest) if due is not None]
        return Progress(
            self.decided + more.decided,
            self.effects + more.effects,
            self.events + more.events,
            tuple(dict.fromkeys(self.subjects + more.subjects))[:5],
            min(dues, default=None),
            self.full,
        )


class Engine:
    """Accepts events, applies them and fires timers, on one store."""

    def __init__(self, store: Store, registry: Registry, clock: Clock) -> None:
        self.store = store
        self.registry = registry
        self.clock = clock

    def accept(self, events: Sequence[CloudEvent]) -> list[Acceptance]:
        """Put events into the ledger, all in one transaction; they are applied later, exactly once.

        Raises:
            InvalidEvent: at least one cannot ever apply (unknown lifecycle or trigger, data that
                breaks its declaration, an id twice in the batch); nothing is stored.
        """
        rows = self._checked(events)
        now = self.clock.now()
        with self.store.begin() as transaction:
            added = transaction.accept(rows, now)
            receipts = {event.effect: event.data for event in events if event.effect is not None}
            settle_receipts(transaction, receipts, now)
            repeated = [(row.source, row.event_id) for row in rows if (row.source, row.event_id) not in added]
            first = (
                {(one.source, one.event_id): one for one in transaction.first_outcomes(repeated)}
                if repeated
                else {}
            )
        answers = []
        for row in rows:
            before = first.get((row.source, row.event_id))
            answers.append(
                Acceptance(row.event_id, row.source, row.subject, "accepted", "pending")
                if before is None
                else Acceptance(
                    row.event_id, row.source, before.subject, "duplicate", before.outcome, before.reason
                )
            )
        return answers

    def _checked(self, events: Sequence[CloudEvent]) -> list[NewEvent]:
        problems: list[Problem] = []
        rows: list[NewEvent] = []
        seen: set[tuple[str, str]] = set()
        for index, event in enumerate(events):
            prefix = f"[{index}]." if len(events) > 1 else ""
            if (event.source, event.id) in seen:
                problems.append(
                    Problem(
                        f"{prefix}id",
                        "doubled-id",
                        f"the id {event.id!r} of source {event.source!r} stands twice in this batch",
                    )
                )
            seen.add((event.source, event.id))
            try:
                lifecycle = self._addressed(event)
                event_data.validate(lifecycle, event.trigger, event.data)
                rows.append(_row(event, lifecycle))
            except InvalidEvent as error:
                problems += [replace(one, field=prefix + one.field) for one in error.problems]
            except EventDataError as error:
                problems += [replace(one, field=prefix + one.field) for one in error.problems]
        if problems:
            raise InvalidEvent(problems)
        return rows

    def _addressed(self, event: CloudEvent) -> Lifecycle:
        """The newest definition that the event's type names."""
        try:
            lifecycle = self.registry.latest(event.lifecycle)
        except UnknownDefinition as error:
            known = ", ".join(self.registry.names())
            raise InvalidEvent(
                [Problem("type", "unknown-lifecycle", f"no lifecycle {event.lifecycle!r}; known are {known}")]
            ) from error
        if event.trigger not in lifecycle.triggers:
            known = ", ".join(sorted(lifecycle.triggers))
            raise InvalidEvent(
                [
                    Problem(
                        "type",
                        "unknown-trigger",
                        f"{event.lifecycle!r} has no trigger {event.trigger!r}; it has {known}",
                    )
                ]
            )
        return lifecycle

    def apply(self, limit: int = 500) -> Progress:
        """Decide up to `limit` accepted events, in order, in one transaction."""
        return self._batch(lambda transaction: transaction.claim_events(limit), limit)

    def fire(self, limit: int = 500) -> Progress:
        """Decide up to `limit` due timers, the longest due first, in one transaction."""
        return self._batch(lambda transaction: transaction.claim_timers(self.clock.now(), limit), limit)

    def _batch(self, claimed: Callable[[Transaction], Claim], limit: int) -> Progress:
        """All at once; where what one decision wants cannot be written, a second time one by one."""
        try:
            with self.store.begin() as transaction:
                claim = claimed(transaction)
                return self._decide(transaction, claim, limit)
        except Exception as error:
            if is_passing(error):
                raise
        with self.store.begin() as transaction:
            claim = claimed(transaction)
            done = Progress(full=len(claim.work) >= limit)
            for work in claim.work:
                done = done.plus(self._decide_alone(transaction, claim, work))
            return done

    def _decide_alone(self, transaction: Transaction, claim: Claim, work: Pending) -> Progress:
        """One decision that harms no other, whatever becomes of it."""
        before = claim.subjects[work.subject_row]
        alone = replace(claim, work=[work])
        try:
            with transaction.connection.begin_nested():
                return self._decide(transaction, alone, limit=2)
        except Exception as error:
            if is_passing(error):
                raise
            claim.subjects[work.subject_row] = before
            changes = Changes()
            bury(claim, work, changes, told(error))
            transaction.write(changes, self.clock.now())
            return Progress(1)

    def _decide(self, transaction: Transaction, claim: Claim, limit: int) -> Progress:
        if not claim.work:
            return Progress()
        now = self.clock.now()
        changes = Changes()
        consequences = Consequences(self.registry, changes)
        for work in claim.work:
            try:
                self._decide_one(claim, work, changes, consequences, now)
            except Exception as error:  # a fault in one decision must not hold up the rest of the batch
                if is_passing(error):
                    raise
                bury(claim, work, changes, told(error))
        transaction.write(changes, now)
        events = consequences.send(transaction, now)
        dues = [timer.due_at for timer in changes.timers_set.values() if timer.due_at is not None]
        keys = tuple(dict.fromkeys(claim.subjects[work.subject_row].key for work in claim.work))
        return Progress(
            len(claim.work),
            len(changes.effects),
            events,
            keys[:5],
            min(dues, default=None),
            len(claim.work) >= limit,
        )

    def _decide_one(
        self, claim: Claim, work: Pending, changes: Changes, consequences: Consequences, now: datetime
    ) -> None:
        subject = claim.subjects[work.subject_row]
        lifecycle = self.registry.get(subject.lifecycle, subject.version)
        event = work.event
        if event.timer is not None:
            held = subject.timers.get(event.timer)
            if held is None or held.setting != event.setting:
                return  # an earlier decision of this very batch cancelled it or set it anew
            event = replace(event, trigger=lifecycle.timeouts[event.timer].on_timeout)
        decision = decide(lifecycle, subject, event, now)
        successor = apply_decision(subject, event, decision, now)
        consequences.add(work.subject_row, successor, decision)  # refuses before anything is changed
        claim.subjects[work.subject_row] = changes.subjects[work.subject_row] = successor
        keep_timers(work.subject_row, lifecycle, decision, claim, changes)
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


def _row(event: CloudEvent, lifecycle: Lifecycle) -> NewEvent:
    return NewEvent(
        event.source,
        event.id,
        event.subject,
        lifecycle.name,
        lifecycle.version,
        event.type,
        event.time,
        event.data,
        event.parent,
    )
