"""What can be seen of an installation in its store: subjects, decisions, what failed and what waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import literal, select, union_all

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
_FAILURES = union_all(
    select(literal(1)).where(_EFFECT.state.in_([EffectState.DEAD, EffectState.UNKNOWN, EffectState.SENDING])),
    select(literal(1)).where(schema.inbox.c.dead_at.is_not(None)),
    select(literal(1)).where(_TIMER.dead_at.is_not(None)),
).limit(1)
"""Built once: it is asked at every instant."""


def subject_in(store: Store, key: str) -> SeenSubject | None:
    """One that has been opened, with its timers."""
    with store.connect() as connection:
        found = find_subject(connection, key)
        if found is None or found[1].opened_at is None:
            return None
        due = select(_TIMER.name, _TIMER.due_at).where(_TIMER.subject_id == found[0])
        timers = {name: at for name, at in connection.execute(due.order_by(_TIMER.due_at, _TIMER.name))}
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
    columns = (_MOVE.id, _MOVE.at, _SUBJECT.key, _MOVE.trigger, _MOVE.timer, _MOVE.source, _MOVE.dest)
    query = (
        select(*columns, _MOVE.outcome, _MOVE.reason)
        .join_from(schema.moves, schema.subjects, _SUBJECT.id == _MOVE.subject_id)
        .where(_MOVE.id > after)
        .order_by(_MOVE.id)
    )
    with store.connect() as connection:
        return [SeenMove(*row) for row in connection.execute(query)]


def has_failures(store: Store) -> bool:
    """Whether anything failed, ended nobody knows how, or was left in the middle."""
    with store.connect() as connection:
        return connection.execute(_FAILURES).first() is not None


def dead_in(store: Store) -> Sequence[DeadThing]:
    """What needs a person because it failed, or nobody knows how it ended."""
    if not has_failures(store):
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


def calls_in(store: Store, states: Collection[EffectState] = tuple(EffectState)) -> Sequence[TaskCall]:
    """The tasks of other programs that were called and are in these states, the oldest first."""
    called = (_EFFECT.kind == "task", _EFFECT.target != WRITE, _EFFECT.attempts > 0)
    columns = (
        _EFFECT.key,
        _EFFECT.target,
        _SUBJECT.key.label("subject"),
        _EFFECT.payload,
        _EFFECT.created_at,
    )
    query = (
        select(*columns)
        .join_from(schema.outbox, schema.subjects, _SUBJECT.id == _EFFECT.subject_id)
        .where(*called, _EFFECT.state.in_(states))
        .order_by(_EFFECT.id)
    )
    with store.connect() as connection:
        return [
            TaskCall(row.key, row.target, row.subject, dict(row.payload.get("kwargs") or {}), row.created_at)
            for row in connection.execute(query)
        ]


def _seen(row: SubjectRow, timers: Mapping[str, datetime | None]) -> SeenSubject:
    known = (row.key, row.lifecycle, row.version, row.state, row.seq, row.data, row.parent, row.opened_at)
    return SeenSubject(*known, timers)
