"""Acceptance: events into the ledger, checked one by one and committed together.

What is accepted is applied later, exactly once. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from state_machines import event_data
from state_machines.errors import EventDataError, Problem
from state_machines.lifecycle import Lifecycle
from workflow.clock import Clock
from workflow.cloudevent import CloudEvent
from workflow.errors import InvalidEvent, UnknownDefinition
from workflow.outbox import settle_receipts
from workflow.registry import Registry
from workflow.store.port import NewEvent, Store


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


class Acceptor:
    """Accepts events on one store."""

    def __init__(self, store: Store, registry: Registry, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock

    def accept(self, events: Sequence[CloudEvent]) -> list[Acceptance]:
        """As `Engine.accept`."""
        rows = self.checked(events)
        now = self._clock.now()
        with self._store.begin() as transaction:
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

    def checked(self, events: Sequence[CloudEvent]) -> list[NewEvent]:
        """The rows of these events. Raises InvalidEvent with every problem of every event."""
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
            except (InvalidEvent, EventDataError) as error:
                problems += [replace(one, field=prefix + one.field) for one in error.problems]
        if problems:
            raise InvalidEvent(problems)
        return rows

    def _addressed(self, event: CloudEvent) -> Lifecycle:
        """The newest definition that the event's type names."""
        try:
            lifecycle = self._registry.latest(event.lifecycle)
        except UnknownDefinition as error:
            known = ", ".join(self._registry.names())
            raise InvalidEvent(
                [Problem("type", "unknown-lifecycle", f"no lifecycle {event.lifecycle!r}; known are {known}")]
            ) from error
        if event.trigger not in lifecycle.triggers:
            known = ", ".join(sorted(lifecycle.triggers))
            message = f"{event.lifecycle!r} has no trigger {event.trigger!r}; it has {known}"
            raise InvalidEvent([Problem("type", "unknown-trigger", message)])
        return lifecycle


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
