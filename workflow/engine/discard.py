"""An opening of our own that was refused is discarded: the refusal stands, and is a move like any other."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, select

from state_machines.decide import apply_decision, decide
from state_machines.decision import Outcome
from workflow.clock import Clock
from workflow.engine.registry import Registry
from workflow.engine.team import team_of
from workflow.errors import NotFound, NotRetryable
from workflow.store import rows
from workflow.store.port import REFUSED_OPENING, Changes, NewMove, Store, Transaction
from workflow.store.schema import events, inbox, subjects

_SUBJECT = [subjects.c[name.strip().removeprefix("s.")] for name in rows.SUBJECT_COLUMNS.split(",")]
_EVENT = [
    events.c[name]
    for name in ("event_id", "source", "type", "time", "data", "parent", "actor", "expected_revision")
]


def let_stand(store: Store, registry: Registry, clock: Clock, event_row: int) -> None:
    """Decide a dead opening once more and write down that it is refused; it is no dead letter any more.

    Raises:
        NotFound: the ledger has no event with this row id.
        NotRetryable: it is no dead letter of this kind, or would not be refused any more.
    """
    with store.begin() as transaction:
        found = _locked(transaction, event_row)
        subject = rows.subject_of(found[: len(_SUBJECT)], {})
        event = rows.event_of(*found[len(_SUBJECT) :])
        lifecycle, now = registry.get(subject.lifecycle, subject.version), clock.now()
        decision = decide(lifecycle, subject, event, now)
        if decision.outcome is not Outcome.REFUSED:
            raise NotRetryable(f"event {event_row}: it would not be refused now: retry it")
        row, after = found[0], apply_decision(subject, event, decision, now)
        move = NewMove(
            row, after.seq, event_row, None, None, None, event.trigger, decision.source, decision.dest,
            decision.outcome.value, decision.reason, lifecycle.version, now, team_of(after),
        )  # fmt: skip
        changes = Changes(subjects={row: after}, data_kept={row}, moves=[move])
        if decision.dest in lifecycle.final_states:
            changes.closed.add(row)
        transaction.connection.execute(delete(inbox).where(inbox.c.event_id == event_row))
        transaction.write(changes, now)


def _locked(transaction: Transaction, event_row: int) -> Row[Any]:
    """The subject of a dead opening, under its lock, and the event."""
    query = (
        select(*_SUBJECT, *_EVENT)
        .join(events, events.c.subject_id == subjects.c.id)
        .where(events.c.id == event_row)
        .with_for_update(of=subjects)
    )
    found = transaction.connection.execute(query).one_or_none()
    if found is None:
        raise NotFound(f"event {event_row}: there is none")
    dead = select(inbox.c.error).where(inbox.c.event_id == event_row, inbox.c.dead_at.is_not(None))
    error = transaction.connection.scalar(dead) or ""
    if not error.startswith(f"{REFUSED_OPENING}:"):
        raise NotRetryable(f"event {event_row}: it is no opening of ours that was refused")
    return found
