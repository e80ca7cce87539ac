"""Acceptance: events are checked, each by itself, and added to the ledger together.

They are applied later, exactly once; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from state_machines.definitions import event_data
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import EventDataError, Problem
from workflow.access.principal import Principal
from workflow.clock import Clock
from workflow.engine.allowed_tasks import AllowedTasks
from workflow.engine.cloudevent import CloudEvent, misfit
from workflow.engine.permission import forbidden
from workflow.engine.registry import Registry
from workflow.engine.same_event import difference
from workflow.errors import EventConflict, InvalidEvent, NotPermitted, UnknownDefinition
from workflow.store.effect_states import EffectState
from workflow.store.keys import key_is
from workflow.store.own_sources import OWN_SOURCES
from workflow.store.port import PENDING, EffectUpdate, KnownEvent, NewEvent, Store, Transaction
from workflow.store.schema import outbox, subjects
from workflow.telemetry.request_id import current_request_id
from workflow.telemetry.trace_context import current_traceparent


class Acceptance(NamedTuple):
    """What a sender is answered about one event.

    `status` is ``accepted`` or ``duplicate``; `outcome` is ``pending`` until it is decided, then
    ``moved``, ``stayed``, ``refused`` (with the `reason`), ``dead`` (its decision failed) or ``discarded``.
    """

    event_id: str
    source: str
    subject: str
    status: str
    outcome: str
    reason: str | None = None


class CheckedEvents(NamedTuple):
    """The events of one request, checked; they are stored all or none.

    Attributes:
        rows: the events.
    """

    rows: list[NewEvent]


Stored = list[Acceptance] | EventConflict
"""What became of one request: an acceptance for each event, or why it was refused."""


class Acceptor:
    """Accepts events on one store. Safe to use from several threads."""

    def __init__(self, store: Store, registry: Registry, clock: Clock, tasks: AllowedTasks) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock
        self._tasks = tasks

    def accept(self, events: Sequence[CloudEvent], by: Principal | None = None) -> list[Acceptance]:
        """As `Engine.accept`."""
        return self.store_one(self.check(events, by))

    def check(
        self,
        events: Sequence[CloudEvent],
        by: Principal | None = None,
        actor: str | None = None,
        expected_revision: int | None = None,
    ) -> CheckedEvents:
        """Check events of one sender; asks the store for definitions that this process does not know yet, and
        for effects that receipts from outside name.

        Args:
            by: whose they are; None: makegood's own, or of a program that has the database.
            actor: whom the ledger is to name; None: `by`, or nobody.
            expected_revision: the subject's as their sender has seen it: where it has another when they are
                decided, they are refused; None: they are decided whatever came between.

        Raises:
            InvalidEvent: with every problem of every event.
            NotPermitted: the same, where `by` may not send one of them.
        """
        rows = self._checked(events, by)
        said = {"actor": actor, "expected_revision": expected_revision, "request_id": current_request_id()}
        more: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        return CheckedEvents([row._replace(**more) for row in rows] if more else rows)

    def knows(self, events: Sequence[CloudEvent]) -> bool:
        """Whether `check` can check these at once: without asking the store, or compiling a lifecycle."""
        return all(event.effect is None and self._registry.is_compiled(event.lifecycle) for event in events)

    def store_one(
        self, checked: CheckedEvents, beside: Callable[[Transaction], None] | None = None
    ) -> list[Acceptance]:
        """As `store` for one request. Raises EventConflict."""
        (stored,) = self.store([checked], beside)
        if isinstance(stored, EventConflict):
            raise stored
        return stored

    def store(
        self, requests: Sequence[CheckedEvents], beside: Callable[[Transaction], None] | None = None
    ) -> list[Stored]:
        """Commit the events of several requests in one transaction; what each is answered, in the same order.

        It is as if they came one after another. Of an event that is in several requests, the first is
        accepted and the others are duplicates. A request in which an event has the id of another one is
        refused whole. If at least one event is new, `beside` writes what is to be committed with it.
        """
        refused: dict[int, Stored] = {}
        while True:
            taken = {place: one for place, one in enumerate(requests) if place not in refused}
            try:
                return [answer for _, answer in sorted({**refused, **self._stored(taken, beside)}.items())]
            except _HalfRefused as half:
                refused |= half.conflicts

    def _stored(
        self, requests: Mapping[int, CheckedEvents], beside: Callable[[Transaction], None] | None
    ) -> dict[int, Stored]:
        """The answers by place. Raises _HalfRefused when they must be stored without some of them."""
        now = self._clock.now()
        firsts: dict[tuple[str, str], NewEvent] = {}
        for checked in requests.values():
            for row in checked.rows:
                firsts.setdefault((row.source, row.event_id), row)
        receipts = any(row.effect is not None for row in firsts.values())
        # Committed with the round trip that writes them. The store may then commit in two steps, which only a
        # sender of several events at once could notice.
        last = not receipts and beside is None and all(len(one.rows) == 1 for one in requests.values())
        with self._store.begin() as transaction:
            fresh = transaction.accept(list(firsts.values()), now, last=last)
            known = [identity for identity in firsts if identity not in fresh]
            answering = _Answering(fresh, transaction.known_events(known) if known else ())
            answers = {place: answering.answer(checked.rows) for place, checked in requests.items()}
            if any(answering.firsts.get(identity) is not firsts[identity] for identity in fresh):
                conflicts = {one: said for one, said in answers.items() if isinstance(said, EventConflict)}
                raise _HalfRefused(conflicts)
            _settle_receipts(transaction, answering.receipts, now)
            if beside is not None and fresh:
                beside(transaction)
        return answers

    def _checked(self, events: Sequence[CloudEvent], by: Principal | None) -> list[NewEvent]:
        if len(events) == 1:
            try:
                return [self._row(events[0], by)]
            except EventDataError as error:
                raise InvalidEvent(error.problems) from error
        problems: list[Problem] = []
        rows: list[NewEvent] = []
        seen: set[tuple[str, str]] = set()
        permitted = True
        for index, event in enumerate(events):
            identity = (event.source, event.id)
            if identity in seen:
                message = f"the id {event.id!r} of source {event.source!r} stands twice in this batch"
                problems.append(Problem(f"[{index}].id", "doubled-id", message))
            seen.add(identity)
            try:
                rows.append(self._row(event, by))
            except (InvalidEvent, EventDataError) as error:
                permitted = permitted and not isinstance(error, NotPermitted)
                problems += [_placed(index, one) for one in error.problems]
        if problems:
            raise InvalidEvent(problems) if permitted else NotPermitted(problems)
        return rows

    def _row(self, event: CloudEvent, by: Principal | None) -> NewEvent:
        name, _, trigger = event.type.partition(".")
        lifecycle = self._registry.known(name) or self._asked(name)
        if trigger not in lifecycle.triggers:
            known = ", ".join(sorted(lifecycle.triggers))
            message = f"{name!r} has no trigger {trigger!r}; it has {known}"
            raise InvalidEvent([Problem("type", "unknown-trigger", message)])
        if event.source in OWN_SOURCES:  # others have been looked over when they were read
            unfit = misfit(event.data)
            if unfit is not None:
                raise InvalidEvent([unfit])
        problems = forbidden(event, lifecycle, trigger, by)
        if problems:
            raise NotPermitted(problems)
        event_data.validate(lifecycle, trigger, event.data)
        if trigger in lifecycle.task_fields:
            problems = self._tasks.problems(lifecycle, trigger, event.data)
            if problems:
                raise InvalidEvent(problems)
        if event.effect is not None and event.source not in OWN_SOURCES:
            self._check_receipt(event, trigger)
        return NewEvent(
            event.source,
            event.id,
            event.subject,
            name,
            lifecycle.version,
            event.type,
            event.time,
            event.data,
            event.parent,
            event.effect,
            None if by is None else by.actor,
            traceparent=event.traceparent or current_traceparent(),
        )

    def _check_receipt(self, event: CloudEvent, trigger: str) -> None:
        """A receipt from outside is that of a task of its own subject, which gives this very trigger.

        Raises NotPermitted: else anybody who guesses its key could silence another's notice.
        """
        columns = (outbox.c.kind, outbox.c.payload, subjects.c.key)
        query = select(*columns).join(subjects, subjects.c.id == outbox.c.subject_id)
        with self._store.connect() as connection:
            found = connection.execute(query.where(key_is(outbox.c.key, event.effect or ""))).one_or_none()
        given = () if found is None else (found.payload.get("succeeded"), found.payload.get("failed"))
        if found is None or found.kind != "task" or found.key != event.subject or trigger not in given:
            message = f"is that of no task of {event.subject} whose receipt is {trigger!r}"
            raise NotPermitted([Problem("effect", "not-its-receipt", message)])

    def _asked(self, name: str) -> Lifecycle:
        """The newest definition of a name that only the store may know."""
        try:
            return self._registry.latest(name)
        except UnknownDefinition as error:
            known = ", ".join(self._registry.names())
            message = f"no lifecycle {name!r}; known are {known}"
            raise InvalidEvent([Problem("type", "unknown-lifecycle", message)]) from error


def _settle_receipts(
    transaction: Transaction, receipts: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    """Settle the effects whose receipts have come in as events, by idempotency key.

    A receipt settles a dead or unknown effect, too: it says what really happened.
    """
    if not receipts:
        return
    open_ones = (outbox.c.key.in_(receipts), outbox.c.state != EffectState.SETTLED)
    rows = transaction.connection.execute(select(outbox.c.id, outbox.c.key).where(*open_ones))
    transaction.update_effects(
        [EffectUpdate(one, EffectState.SETTLED, None, now, receipts[key]) for one, key in rows.fetchall()]
    )


class _HalfRefused(Exception):
    """Of a request that is refused events were written: nothing of the transaction may be kept."""

    def __init__(self, conflicts: Mapping[int, Stored]) -> None:
        self.conflicts = conflicts


class _Answering:
    """Answers requests in their order, after the events of all of them were written as far as they were new.

    Attributes:
        firsts: the events that are new, but for those of requests that are refused.
        receipts: data of the first receipt of each effect.
    """

    def __init__(self, fresh: set[tuple[str, str]], known: Sequence[KnownEvent]) -> None:
        self._fresh = fresh
        self._known = {(one.source, one.event_id): one for one in known}
        self.firsts: dict[tuple[str, str], NewEvent] = {}
        self.receipts: dict[str, Mapping[str, Any]] = {}

    def answer(self, rows: Sequence[NewEvent]) -> Stored:
        """What a request with these events is answered."""
        problems = [
            (place, problem)
            for place, row in enumerate(rows)
            if (before := self._before(row)) is not None
            and row.source not in OWN_SOURCES
            and (problem := difference(row, before)) is not None
        ]
        if problems:
            alone = len(rows) == 1
            return EventConflict([_placed(None if alone else place, problem) for place, problem in problems])
        acceptances = [self._acceptance(row) for row in rows]
        for row in rows:
            if row.effect is not None:
                self.receipts.setdefault(row.effect, row.data)
        return acceptances

    def _before(self, row: NewEvent) -> NewEvent | KnownEvent | None:
        identity = (row.source, row.event_id)
        return self._known.get(identity) or self.firsts.get(identity)

    def _acceptance(self, row: NewEvent) -> Acceptance:
        identity = (row.source, row.event_id)
        known, first = self._known.get(identity), self.firsts.setdefault(identity, row)
        if known is not None:
            return Acceptance(
                row.event_id, row.source, known.subject, "duplicate", known.outcome, known.reason
            )
        status = "accepted" if first is row else "duplicate"
        return Acceptance(row.event_id, row.source, first.subject, status, PENDING)


def _placed(place: int | None, problem: Problem) -> Problem:
    """The problem with its event's place; for one that came alone without."""
    return problem if place is None else replace(problem, field=f"[{place}].{problem.field}")
