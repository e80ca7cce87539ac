"""Acceptance: events are checked, each by itself, and added to the ledger together.

They are applied later, exactly once; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from state_machines.definitions import event_data
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import EventDataError, Problem
from workflow.clock import Clock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.registry import Registry
from workflow.errors import InvalidEvent, UnknownDefinition
from workflow.store.effect_states import EffectState
from workflow.store.port import PENDING, EffectUpdate, EventOutcome, NewEvent, Store, Transaction
from workflow.store.schema import outbox


class Acceptance(NamedTuple):
    """What a sender is answered about one event.

    `status` is ``accepted`` or ``duplicate``; `outcome` is ``pending`` until it is decided, then
    ``moved``, ``stayed``, ``refused`` (with the `reason`) or ``dead`` (its decision failed).
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
        receipts: data of those that are receipts, by the idempotency key of their effect.
    """

    rows: list[NewEvent]
    receipts: Mapping[str, Mapping[str, Any]]


class Acceptor:
    """Accepts events on one store. Safe to use from several threads."""

    def __init__(self, store: Store, registry: Registry, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock

    def accept(self, events: Sequence[CloudEvent]) -> list[Acceptance]:
        """As `Engine.accept`."""
        return self.store([self.check(events)])[0]

    def check(self, events: Sequence[CloudEvent]) -> CheckedEvents:
        """Check events; asks the store for definitions that this process does not know yet.

        Raises:
            InvalidEvent: with every problem of every event.
        """
        rows = self._checked(events)
        return CheckedEvents(rows, {event.effect: event.data for event in events if event.effect is not None})

    def knows(self, events: Sequence[CloudEvent]) -> bool:
        """Whether `check` can check these without asking the store."""
        return all(self._registry.known(event.lifecycle) for event in events)

    def store(
        self, requests: Sequence[CheckedEvents], beside: Callable[[Transaction], None] | None = None
    ) -> list[list[Acceptance]]:
        """Commit the events of several requests in one transaction; their acceptances, in the same order.

        Of an event that is in several requests, the first is accepted and the others are duplicates. If at
        least one event is new, `beside` writes what is to be committed with it.
        """
        now = self._clock.now()
        firsts: dict[tuple[str, str], NewEvent] = {}
        receipts: dict[str, Mapping[str, Any]] = {}
        for checked in requests:
            for row in checked.rows:
                firsts.setdefault((row.source, row.event_id), row)
            for effect, data in checked.receipts.items():
                receipts.setdefault(effect, data)
        # Committed with the round trip that writes them. The store may then commit in two steps, which only a
        # sender of several events at once could notice.
        last = not receipts and beside is None and all(len(checked.rows) == 1 for checked in requests)
        with self._store.begin() as transaction:
            fresh = transaction.accept(list(firsts.values()), now, last=last)
            _settle_receipts(transaction, receipts, now)
            if beside is not None and fresh:
                beside(transaction)
            known = [identity for identity in firsts if identity not in fresh]
            before = {
                (one.source, one.id): one for one in (transaction.event_outcomes(known) if known else ())
            }
        return [[_answer(row, fresh, firsts, before) for row in checked.rows] for checked in requests]

    def _checked(self, events: Sequence[CloudEvent]) -> list[NewEvent]:
        if len(events) == 1:
            try:
                return [self._row(events[0])]
            except EventDataError as error:
                raise InvalidEvent(error.problems) from error
        problems: list[Problem] = []
        rows: list[NewEvent] = []
        seen: set[tuple[str, str]] = set()
        for index, event in enumerate(events):
            identity = (event.source, event.id)
            if identity in seen:
                message = f"the id {event.id!r} of source {event.source!r} stands twice in this batch"
                problems.append(Problem(f"[{index}].id", "doubled-id", message))
            seen.add(identity)
            try:
                rows.append(self._row(event))
            except (InvalidEvent, EventDataError) as error:
                problems += [
                    Problem(f"[{index}].{one.field}", one.rule, one.message) for one in error.problems
                ]
        if problems:
            raise InvalidEvent(problems)
        return rows

    def _row(self, event: CloudEvent) -> NewEvent:
        name, _, trigger = event.type.partition(".")
        lifecycle = self._registry.known(name) or self._asked(name)
        if trigger not in lifecycle.triggers:
            known = ", ".join(sorted(lifecycle.triggers))
            message = f"{name!r} has no trigger {trigger!r}; it has {known}"
            raise InvalidEvent([Problem("type", "unknown-trigger", message)])
        event_data.validate(lifecycle, trigger, event.data)
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
        )

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


def _answer(
    row: NewEvent,
    fresh: set[tuple[str, str]],
    firsts: Mapping[tuple[str, str], NewEvent],
    before: Mapping[tuple[str, str], EventOutcome],
) -> Acceptance:
    identity = (row.source, row.event_id)
    if identity in fresh and firsts[identity] is row:
        return Acceptance(row.event_id, row.source, row.subject, "accepted", PENDING)
    first = before.get(identity)
    if first is None:  # accepted in this very transaction
        return Acceptance(row.event_id, row.source, firsts[identity].subject, "duplicate", PENDING)
    return Acceptance(row.event_id, row.source, first.subject, "duplicate", first.outcome, first.reason)
