"""What became of the events of a replay, and what is left in the store when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from state_machines.decision import Outcome
from workflow.queries.subjects import subjects_by_state
from workflow.replay.plan import Plan
from workflow.replay.refusal import Refusal
from workflow.store.port import DEAD, EventOutcome, Store
from workflow.store.schema import outbox, timers


@dataclass(frozen=True, slots=True)
class Remainder:
    """The store at the end of a replay.

    Attributes:
        subjects: how many are in each state, by lifecycle, then by state.
        timers_pending: timers still to fire; `next_due` is the first of them, UTC.
        timers_dead: timers whose decision failed.
        effects: tasks and notices that were asked for; a replay carries out none.
    """

    subjects: dict[str, dict[str, int]]
    timers_pending: int
    next_due: datetime | None
    timers_dead: int
    effects: int


def refused_by_decision(plan: Plan, outcomes: Mapping[str, EventOutcome]) -> list[Refusal]:
    """The rows that became events and could not apply when their time had come."""
    refusals = []
    for one in plan.events:
        found = outcomes[one.event.id]
        if found.outcome in (Outcome.REFUSED, DEAD):
            rule, message = _split(found)
            refusals.append(Refusal(one.row.row, one.row.line, one.row.subject, "trigger", rule, message))
    return refusals


def _split(found: EventOutcome) -> tuple[str, str]:
    """A reason is '<rule>: <sentence>'; a failed decision is a sentence of its own."""
    reason = found.reason or ""
    rule, separator, message = reason.partition(": ")
    if found.outcome == Outcome.REFUSED and separator and " " not in rule:
        return rule, message
    return ("decision-failed" if found.outcome == DEAD else "refused"), reason


def read_remainder(store: Store) -> Remainder:
    """What is left in the store."""
    pending = select(func.count(timers.c.due_at), func.min(timers.c.due_at, type_=timers.c.due_at.type))
    counted: dict[str, dict[str, int]] = {}
    for lifecycle, state, count in sorted(subjects_by_state(store)):
        counted.setdefault(lifecycle, {})[state] = count
    with store.connect() as connection:
        timers_pending, next_due = connection.execute(pending).one()
        dead = connection.execute(select(func.count()).where(timers.c.dead_at.is_not(None))).scalar_one()
        effects = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
    return Remainder(counted, timers_pending, next_due, dead, effects)
