"""What can be seen of an installation in its store: subjects, decisions, what failed and what waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, or_, select

from workflow.broker.task_names import WRITE
from workflow.queries.dead_letters import first_dead_letters
from workflow.queries.subjects import SubjectRow, find_subject, subjects
from workflow.scenarios.stage import DeadThing, SeenMove, SeenSubject, TaskCall, WaitingNotice
from workflow.store import schema
from workflow.store.effect_states import EffectState
from workflow.store.port import Store

_PAGE = 500
_SUBJECT, _MOVE, _EFFECT, _TIMER = (
    table.c for table in (schema.subjects, schema.moves, schema.outbox, schema.timers)
)
SOME_FAILURE = or_(
    *(
        exists().where(_EFFECT.state == state)
        for state in (EffectState.DEAD, EffectState.UNKNOWN, EffectState.SENDING)
    ),
    exists().where(schema.inbox.c.dead_at.is_not(None)),
    exists().where(_TIMER.dead_at.is_not(None)),
)
"""That anything failed, ended nobody knows how, or was left in the middle."""
# Queries that are asked at every step are built once.
_FAILED = select(SOME_FAILURE)
_TIMERS = (
    select(_TIMER.name, _TIMER.due_at)
    .where(_TIMER.subject_id == bindparam("subject"))
    .order_by(_TIMER.due_at, _TIMER.name)
)
_MOVES = (
    select(
        _MOVE.id, _MOVE.at, _SUBJECT.key, _MOVE.trigger, _MOVE.timer, _MOVE.source, _MOVE.dest,
        _MOVE.outcome, _MOVE.reason,
    )
    .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
    .where(_MOVE.id > bindparam("after"))
    .order_by(_MOVE.id)
)  # fmt: skip
_CALLS = (
    select(_EFFECT.key, _EFFECT.target, _SUBJECT.key.label("subject"), _EFFECT.payload, _EFFECT.created_at)
    .join_from(schema.outbox, schema.subjects, _SUBJECT.id == _EFFECT.subject_id)
    .where(_EFFECT.kind == "task", _EFFECT.target != WRITE, _EFFECT.attempts > 0)
    .order_by(_EFFECT.id)
)


def subject_in(store: Store, key: str) -> SeenSubject | None:
    """One that has been opened, with its timers."""
    with store.connect() as connection:
        found = find_subject(connection, key)
        if found is None or found[1].opened_at is None:
            return None
        timers = {name: at for name, at in connection.execute(_TIMERS, {"subject": found[0]})}
    return _seen(found[1], timers)


def subjects_in(store: Store, lifecycle: str) -> Sequence[SeenSubject]:
    """All that have been opened of a lifecycle, the oldest first; without their timers."""
    found: list[SubjectRow] = []
    cursor: str | None = None
    while True:
        page = subjects(store, lifecycle=lifecycle, limit=_PAGE, cursor=cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            return [_seen(one, {}) for one in found]


def moves_in(store: Store, after: int) -> Sequence[SeenMove]:
    """The decisions behind this number, in order."""
    with store.connect() as connection:
        return [SeenMove(*row) for row in connection.execute(_MOVES, {"after": after})]


def dead_in(store: Store) -> Sequence[DeadThing]:
    """What needs a person because it failed, or nobody knows how it ended."""
    with store.connect() as connection:
        if not connection.scalar(_FAILED):
            return []
    query = (
        select(_EFFECT.key, _SUBJECT.key.label("subject"), _EFFECT.error, _EFFECT.state)
        .join_from(schema.outbox, schema.subjects, _SUBJECT.id == _EFFECT.subject_id)
        .where(_EFFECT.state.in_([EffectState.DEAD, EffectState.UNKNOWN]))
        .order_by(_EFFECT.id)
    )
    with store.connect() as connection:
        effects = connection.execute(query).all()
    letters = first_dead_letters(store)
    return [
        *(DeadThing(f"{one.key} {one.state}", one.subject, f"{one.state}: {one.error}") for one in effects),
        *(DeadThing(f"event {one.id}", one.subject, one.error or "") for one in letters.events),
        *(
            DeadThing(f"{one.subject} {one.name} {one.setting}", one.subject, one.error or "")
            for one in letters.timers
        ),
    ]


def waiting_in(store: Store) -> Sequence[WaitingNotice]:
    """The notices that wait now."""
    waits = (_EFFECT.kind == "notice", _EFFECT.state == EffectState.PENDING)
    query = select(_EFFECT.payload, _EFFECT.target, _EFFECT.due_at).where(*waits).order_by(_EFFECT.id)
    with store.connect() as connection:
        rows = connection.execute(query).all()
    return [WaitingNotice(row.payload["to"], row.payload["about"], row.target, row.due_at) for row in rows]


def calls_in(store: Store, states: Collection[EffectState] = ()) -> Sequence[TaskCall]:
    """The tasks of other programs that were called, the oldest first; only those in one of these states,
    if there are any.
    """
    query = _CALLS.where(_EFFECT.state.in_(states)) if states else _CALLS
    with store.connect() as connection:
        return [
            TaskCall(row.key, row.target, row.subject, dict(row.payload.get("kwargs") or {}), row.created_at)
            for row in connection.execute(query)
        ]


def _seen(row: SubjectRow, timers: Mapping[str, datetime | None]) -> SeenSubject:
    known = (row.key, row.lifecycle, row.version, row.state, row.seq, row.data, row.parent, row.opened_at)
    return SeenSubject(*known, timers)
