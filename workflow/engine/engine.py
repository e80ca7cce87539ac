"""The engine: events in, decisions out, ONE transaction a batch; the only writer of subject state.

The steps of a batch: claim (lock the subjects, read the work), decide (pure), write, commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from workflow.access.principal import Principal
from workflow.clock import Clock, monotonic
from workflow.engine.acceptance import Acceptance, Acceptor
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.batch_decisions import BatchDecisions
from workflow.engine.batch_sizes import BatchSizes
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.decision_marks import DecisionMarks
from workflow.engine.progress import Progress
from workflow.engine.registry import Registry
from workflow.engine.revisions import take_revisions
from workflow.engine.suspects import parted, suspect
from workflow.engine.timer_book import TimerBook
from workflow.engine.transient_errors import described, is_exhausted, is_transient
from workflow.errors import NotUnderstood, UnknownDefinition
from workflow.search.spelling import KnownWords
from workflow.store.port import Changes, Claim, Dispatch, Pending, Store, Transaction

LONGEST = 1.0
"""Seconds that the decisions of one batch may take: meanwhile nobody else can write to an SQLite file."""

log = structlog.get_logger(__name__)


class _TakesLong(Exception):
    """A batch takes too long; so many of its decisions were taken in time."""

    def __init__(self, decided: int) -> None:
        self.decided = decided


class _NotForUs(Exception):
    """A subject was claimed whose definition is not understood here; the next claim leaves it to others."""


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
        emptied: bool = False,
    ) -> None:
        """An engine.

        Args:
            tasks: those that events may name; None: any but our own.
            marks: where this process notes what it decides, for others to know if it dies over it.
            longest: seconds that the decisions of one batch may take; None: as long as they take, for what
                must follow from virtual time alone.
            searched: whether subjects are to be found by what they are; False: nobody looks for them.
            emptied: whether others may empty the store: no word is taken for written that was once.
        """
        self.store = store
        self.registry = registry
        self.clock = clock
        self._tasks = tasks or AllowedTasks()
        self.marks = marks or DecisionMarks()
        self._longest = longest
        self._known_words = (KnownWords(most=0) if emptied else KnownWords()) if searched else None
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

        With `dispatch`, notices and few tasks come back as `Progress.claimed`, to be put on the broker.
        With `from_outside`, only of subjects to which something came from outside: somebody may wait for it.
        """

        def claimed(transaction: Transaction, most: int) -> Claim:
            left = self.registry.not_understood
            return transaction.claim_events(most, from_outside=from_outside, leaving=left)

        return self._sized("events", claimed, limit, dispatch)

    def fire(self, limit: int = 500, dispatch: Dispatch | None = None) -> Progress:
        """Decide up to `limit` due timers, the longest due first, in one transaction.

        Before a timer come the events of its subject that were accepted by the time it was due.
        """

        def claimed(transaction: Transaction, most: int) -> Claim:
            left = self.registry.not_understood
            return transaction.claim_timers(self.clock.now(), most, leaving=left)

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
                except _NotForUs:
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

        Raises _LeftBehind where a process is gone whose death is still to be counted, and _NotForUs.
        """
        claim = claimed(transaction, limit)
        self._refuse_not_understood(claim)
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

    def _refuse_not_understood(self, claim: Claim) -> None:
        """Raises _NotForUs where a subject lives by what this process cannot use; others may."""
        for name, version in {(one.lifecycle, one.version) for one in claim.subjects.values()}:
            try:
                self.registry.get(name, version)
            except NotUnderstood as error:
                log.error(
                    "a definition is not understood here, its subjects are left to others",
                    lifecycle=name,
                    version=version,
                    error=str(error),
                )
                raise _NotForUs from error
            except UnknownDefinition:
                continue  # what is decided by it becomes a dead letter

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
        batch = BatchDecisions(
            transaction, claim, self.clock.now(), self.registry, self._tasks, self._known_words
        )
        until = None if longest is None else monotonic() + longest
        for number, work in enumerate(claim.work, first):
            if until is not None and number and monotonic() > until:
                raise _TakesLong(number)
            self.marks.deciding(number)
            batch.decide(work)
        if len(claim.work) > 1:
            self.marks.writing()
        return batch.write(dispatch, last=last)
