"""Receipts of tasks: the effect is settled, and its subject gets an event if its definition wants one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import JSON, bindparam, select, type_coerce, update

from state_machines.subject import split_key
from workflow.engine.cloudevent import CloudEvent, misfit
from workflow.engine.engine import Engine
from workflow.errors import InvalidEvent, NotFound
from workflow.outbox import effects as outbox
from workflow.outbox import failed_triggers
from workflow.outbox.failed_triggers import SOURCE
from workflow.store.effect_states import EffectState
from workflow.store.port import Store
from workflow.store.schema import events, subjects
from workflow.store.schema import outbox as effects
from workflow.telemetry.trace_context import HEADER, current_traceparent

_SETTLE = (
    update(effects)
    .where(
        effects.c.key == bindparam("effect"),
        effects.c.state != EffectState.SETTLED,
        type_coerce(effects.c.payload, JSON)["succeeded"].as_string().is_(None),
    )
    .values(
        state=EffectState.SETTLED,
        due_at=None,
        error=None,
        settled_at=bindparam("at"),
        receipt=bindparam("said"),
    )
)
"""Built once: that costs as much as executing it."""


class _Effect(NamedTuple):
    id: int
    key: str
    target: str
    payload: dict[str, Any]
    state: str
    subject: str


class Recorded(NamedTuple):
    """The subject of the effect that a receipt was about, and whether an event for it now waits."""

    subject: str
    event: bool


class TaskOutcome(StrEnum):
    """How a task ended. The value is the field of an effect that names the trigger for it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


def record(engine: Engine, key: str, outcome: TaskOutcome, said: Mapping[str, Any]) -> Recorded:
    """Record the receipt of the effect with this idempotency key; the first one counts.

    Where the definition names a trigger for the outcome, the receipt is accepted as an event with `said` and
    the key as its data, and settles the effect in the same transaction. Where it names none, or the trigger
    of a failure has fired when the effect was given up, a success settles and a failure is a dead letter. A
    receipt that the definition does not allow leaves the effect `unknown`, for a person: the task did run.

    Raises NotFound when there is no such effect.
    """
    problem = misfit(said)
    if problem is None and outcome is TaskOutcome.SUCCEEDED:
        subject = _settle_at_once(engine, key, said)
        if subject is not None:
            return Recorded(subject, event=False)
    effect = _find(engine, key)
    if problem is not None:
        reason = f"it ran, but what it answered cannot be kept: {problem.rule}"
        outbox.unknown(engine.store, [(effect.id, reason)])
        return Recorded(effect.subject, event=False)
    trigger = effect.payload.get(outcome.value)
    if outcome is TaskOutcome.FAILED and trigger is not None and failed_triggers.fired(engine.store, key):
        # When it was given up. Tried again it has failed again, or a receipt came late: nothing new.
        trigger = None
    if trigger is not None:
        return Recorded(effect.subject, _send(engine, effect, _event(engine, effect, outcome, said)))
    if effect.state != EffectState.SETTLED and outcome is TaskOutcome.FAILED:
        why = f"the task {effect.target} failed, and no trigger takes that: {said.get('error')}"
        outbox.bury(engine.store, [(effect.id, why)], engine.clock.now())
    return Recorded(effect.subject, event=False)


def told(store: Store, keys: Iterable[str]) -> frozenset[str]:
    """Those of these effects, by idempotency key, whose receipt has come as an event."""
    by_id = {_event_id(key): key for key in keys}
    query = select(events.c.event_id).where(events.c.source == SOURCE, events.c.event_id.in_(by_id))
    with store.connect() as connection:
        return frozenset(by_id[one] for one in connection.scalars(query))


def _settle_at_once(engine: Engine, key: str, said: Mapping[str, Any]) -> str | None:
    """Settle a success for which no trigger is named, in one statement; the subject's key, or None if it is
    another case.
    """
    values = {"effect": key, "at": engine.clock.now(), "said": dict(said)}
    if engine.store.dialect == "postgresql":  # a transaction around it would be two round trips more
        alone = engine.store.engine.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as connection:
            settled = connection.execute(_SETTLE, values).rowcount
    else:
        with engine.store.begin() as transaction:
            settled = transaction.connection.execute(_SETTLE, values).rowcount
    return key.rsplit("/", 2)[0] if settled else None


def record_successes(engine: Engine, said: Mapping[str, Mapping[str, Any]]) -> list[Recorded]:
    """As `record` of tasks of ours that succeeded, by the idempotency keys of their effects; all together."""
    found = _find_all(engine, said)
    settled = [(one.id, said[one.key]) for one in found if one.payload.get(TaskOutcome.SUCCEEDED) is None]
    if settled:
        outbox.settle(engine.store, settled, engine.clock.now())
    asked = [one for one in found if one.payload.get(TaskOutcome.SUCCEEDED) is not None]
    try:
        engine.accept([_event(engine, one, TaskOutcome.SUCCEEDED, said[one.key]) for one in asked])
    except InvalidEvent:  # one at least is not what its definition takes
        for one in asked:
            record(engine, one.key, TaskOutcome.SUCCEEDED, said[one.key])
    return [Recorded(one.subject, one in asked) for one in found]


def _find(engine: Engine, key: str) -> _Effect:
    found = _find_all(engine, [key])
    if not found:
        raise NotFound(f"effect: no effect has the key {key!r}")
    return found[0]


def _find_all(engine: Engine, keys: Iterable[str]) -> list[_Effect]:
    query = (
        select(
            effects.c.id, effects.c.key, effects.c.target, effects.c.payload, effects.c.state, subjects.c.key
        )
        .join(subjects, subjects.c.id == effects.c.subject_id)
        .where(effects.c.key.in_([*keys]))
        .order_by(effects.c.id)
    )
    with engine.store.connect() as connection:
        return [_Effect(*row) for row in connection.execute(query)]


def _event_id(key: str) -> str:
    return f"{key}/receipt"


def _event(engine: Engine, effect: _Effect, outcome: TaskOutcome, said: Mapping[str, Any]) -> CloudEvent:
    """The receipt as the event that the definition names for it."""
    return CloudEvent(
        id=_event_id(effect.key),
        source=SOURCE,
        type=f"{split_key(effect.subject)[0]}.{effect.payload[outcome.value]}",
        subject=effect.subject,
        time=engine.clock.now(),
        data={**said, "effect": effect.key},
        effect=effect.key,
        traceparent=current_traceparent() or effect.payload.get(HEADER),
    )


def _send(engine: Engine, effect: _Effect, event: CloudEvent) -> bool:
    """Accept the receipt as an event; whether the definition allows it."""
    try:
        engine.accept([event])
    except InvalidEvent as error:
        rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems)
        outbox.unknown(
            engine.store, [(effect.id, f"it ran, but its receipt is not what {event.type} takes: {rules}")]
        )
        return False
    return True
