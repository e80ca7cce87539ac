"""Moving the open subjects of a lifecycle to another version: looked at first, asked for in batches, counted.

Each subject is asked for by an event of its own, and decided like anything else. So a killed run has lost
nothing: whoever lives by the old version is still there, and is asked for again; who has been asked for
already is not asked for twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from sqlalchemy import ColumnElement, Select, func, select

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import Problem
from state_machines.migration import TRIGGER, TimerPlan, timer_plan, unfit_state, wrong_states
from state_machines.subject import INITIAL
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.errors import InvalidQuery, UnknownDefinition
from workflow.store.keys import range_below
from workflow.store.own_sources import MIGRATION_SOURCE
from workflow.store.port import NewEvent, Store
from workflow.store.schema import events, inbox, moves, subjects

BATCH = 500
"""Subjects that are asked for in one transaction."""
MOST_SHOWN = 100
"""Refusals that are told one by one."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What is to be moved where. Its states are those that somebody named for ones that are no more."""

    old: Lifecycle
    new: Lifecycle
    states: Mapping[str, str]

    @property
    def prefix(self) -> str:
        """How the ids of its events begin: the same wish again asks nobody twice."""
        said = orjson.dumps(dict(self.states), option=orjson.OPT_SORT_KEYS)
        mark = hashlib.sha256(said).hexdigest()[:12]
        return f"{self.old.name}.{self.old.version}-{self.new.version}.{mark}"


class StateMove(NamedTuple):
    """What becomes of the subjects of one state: how many there are, where they go and with which timers, or
    why they cannot.
    """

    state: str
    number: int
    dest: str
    refusal: str | None
    timers: TimerPlan | None


class Refused(NamedTuple):
    """A subject that was not moved, and why."""

    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Attributes:
        left: open subjects that live by the old version.
        waiting: of these, those that have been asked for and are not decided yet.
        moved: those that live by the new one.
        refused: those that were not moved, each counted once.
        refusals: some of these, by subject.
    """

    left: int
    waiting: int
    moved: int
    refused: int
    refusals: list[Refused]


class Batch(NamedTuple):
    """How many subjects were asked for, and the row of the last; None: there was nobody left to ask for."""

    asked: int
    last: int | None


def planned(registry: Registry, name: str, old: int, new: int, states: Mapping[str, str]) -> Migration:
    """A migration that makes sense. Raises InvalidQuery, naming the field and the rule."""
    problems: list[Problem] = []
    found: list[Lifecycle] = []
    for field, version in (("from", old), ("to", new)):
        try:
            found.append(registry.get(name, version))
        except UnknownDefinition as error:
            problems.append(Problem(field, "unknown-version", str(error)))
    if old == new:
        problems.append(Problem("to", "same-version", f"they live by version {new} already"))
    if not problems:
        problems = wrong_states(found[0], found[1], states)
    if problems:
        raise InvalidQuery(problems)
    return Migration(found[0], found[1], dict(states))


def preview(store: Store, migration: Migration) -> list[StateMove]:
    """By state, in the order of the definition, what would become of those who live by the old version."""
    query = (
        select(subjects.c.state, func.count())
        .where(*_living_by(migration), subjects.c.state != INITIAL)
        .group_by(subjects.c.state)
    )
    with store.connect() as connection:
        numbers = {row[0]: row[1] for row in connection.execute(query)}
    told = []
    for state in migration.old.states:
        if state in migration.old.final_states:
            continue
        dest = migration.states.get(state, state)
        refusal = unfit_state(migration.old, migration.new, state, migration.states)
        timers = None if refusal else timer_plan(migration.old, migration.new, state, dest)
        told.append(StateMove(state, numbers.get(state, 0), dest, refusal, timers))
    return told


def ask_batch(engine: Engine, migration: Migration, by: str, after: int = 0, limit: int = BATCH) -> Batch:
    """Ask for the next subjects, of higher rows than `after`, in one transaction; they are decided later."""
    query = (
        select(subjects.c.id, subjects.c.key, subjects.c.seq)
        .where(*_living_by(migration), subjects.c.state != INITIAL, subjects.c.id > after)
        .order_by(subjects.c.id)
        .limit(limit)
    )
    data = {"from": migration.old.version, "to": migration.new.version, "states": dict(migration.states)}
    now = engine.clock.now()
    name = migration.old.name
    with engine.store.begin() as transaction:
        found = transaction.connection.execute(query).all()
        asked = [
            NewEvent(
                MIGRATION_SOURCE, f"{migration.prefix}/{row.key}/{row.seq}", row.key, name,
                migration.old.version, f"{name}.{TRIGGER}", now, data, None, actor=by,
            )
            for row in found
        ]  # fmt: skip
        fresh = transaction.accept(asked, now)
    return Batch(len(fresh), found[-1].id if found else None)


def progress(store: Store, migration: Migration) -> Progress:
    """How far it is, out of the ledger."""
    first, last = range_below(migration.prefix)
    ours = (events.c.source == MIGRATION_SOURCE, events.c.event_id > first, events.c.event_id < last)
    waiting = (
        select(func.count()).select_from(events.join(inbox, inbox.c.event_id == events.c.id)).where(*ours)
    )
    decided = select(events.c.subject_id).join(moves, moves.c.event_id == events.c.id).where(*ours)
    refused = _refused(decided, migration)
    with store.connect() as connection:
        return Progress(
            connection.scalar(
                select(func.count(subjects.c.id)).where(*_living_by(migration), subjects.c.state != INITIAL)
            ) or 0,
            connection.scalar(waiting) or 0,
            connection.scalar(
                select(func.count(func.distinct(events.c.subject_id)))
                .join(moves, moves.c.event_id == events.c.id)
                .where(*ours, moves.c.outcome != "refused")
            ) or 0,
            connection.scalar(select(func.count()).select_from(refused.subquery())) or 0,
            [
                Refused(row.key, row.reason or "")
                for row in connection.execute(_reasons(refused, ours).limit(MOST_SHOWN))
            ],
        )  # fmt: skip


def _living_by(migration: Migration) -> tuple[ColumnElement[bool], ...]:
    return (
        subjects.c.lifecycle == migration.old.name,
        subjects.c.version == migration.old.version,
        subjects.c.closed_at.is_(None),
    )


def _refused(decided: Select[tuple[int]], migration: Migration) -> Select[tuple[int]]:
    """Subjects that were asked for and live by the old version all the same: each once."""
    return select(subjects.c.id).where(
        subjects.c.id.in_(decided.where(moves.c.outcome == "refused")),
        subjects.c.version == migration.old.version,
    )


def _reasons(
    refused: Select[tuple[int]], ours: tuple[ColumnElement[bool], ...]
) -> Select[tuple[str, str | None]]:
    latest = (
        select(func.max(moves.c.id))
        .join(events, moves.c.event_id == events.c.id)
        .where(*ours, moves.c.subject_id.in_(refused))
        .group_by(moves.c.subject_id)
    )
    return (
        select(subjects.c.key, moves.c.reason)
        .join(moves, moves.c.subject_id == subjects.c.id)
        .where(moves.c.id.in_(latest))
        .order_by(subjects.c.id)
    )
