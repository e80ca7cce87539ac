"""Subjects chosen by how they stand: lifecycle, state, owner, team, due, at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, tuple_, union_all

from state_machines.definitions.searching import plain_owner
from workflow.store.schema import standing

STANDING = standing.c
_MICROSECOND = timedelta(microseconds=1)
_MOST_PAIRS = 60
"""Lifecycles and states that are looked up one by one."""
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which subjects are wanted; what is None, or empty, narrows nothing.

    Attributes:
        lifecycles, states: one of these.
        owner: an address, or a name, as the subject has it; capital letters are the same.
        team: whose it is.
        due_before: not ended, and due before this instant (UTC).
        at_risk: not ended, and says that it may not be done in time, or is overdue.
        is_open: in no final state, or in one.
    """

    lifecycles: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    owner: str | None = None
    team: str | None = None
    due_before: datetime | None = None
    at_risk: bool | None = None
    is_open: bool | None = None

    @property
    def looks_at_standing(self) -> bool:
        """Whether more than the lifecycle is asked for."""
        return self != Choice(self.lifecycles)

    @property
    def is_narrow(self) -> bool:
        """Whether it may be that few fit, and an index finds them."""
        of_state = bool(self.lifecycles and self.states)
        return of_state or bool(self.owner or self.team or self.due_before or self.at_risk)

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """On a row of `standing`."""
        found: list[ColumnElement[bool]] = []
        if self.lifecycles:
            found.append(STANDING.lifecycle.in_(self.lifecycles))
        if self.states:
            found.append(STANDING.state.in_(self.states))
        if self.owner is not None:
            found.append(STANDING.owner == plain_owner(self.owner))
        if self.team is not None:
            found.append(STANDING.team == self.team)
        if self.due_before is not None:
            found.append(STANDING.due_at < self.due_before)
        if self.at_risk is not None:
            risky = or_(STANDING.at_risk, and_(STANDING.due_at.is_not(None), STANDING.due_at < now))
            found.append(risky if self.at_risk else ~risky)
        if self.is_open is not None:
            found.append(STANDING.is_open == self.is_open)
        return found


Place = tuple[int, int]
"""Behind which subject a page begins: its due instant in microseconds (0 where pages go by row), its row."""


def chosen(choice: Choice, now: datetime, place: Place, limit: int, known: Sequence[str]) -> Select[Any]:
    """Rows of subjects that are wanted: those due first if `due_before` is asked for, else the newest first.

    Args:
        choice: more than a lifecycle is asked for.
        known: the names of all lifecycles.
    """
    conditions = choice.conditions(now)
    if choice.due_before is not None:
        if place != (0, 0):
            due = _FIRST + place[0] * _MICROSECOND
            last = tuple_(literal(due, STANDING.due_at.type), literal(place[1], STANDING.subject_id.type))
            conditions.append(tuple_(STANDING.due_at, STANDING.subject_id) > last)
        return (
            select(STANDING.subject_id, STANDING.due_at)
            .where(*conditions)
            .order_by(STANDING.due_at, STANDING.subject_id)
            .limit(limit)
        )
    if place[1]:
        conditions.append(STANDING.subject_id < place[1])
    pairs = [(one, state) for one in choice.lifecycles or known for state in choice.states]
    if 0 < len(pairs) <= _MOST_PAIRS and choice.owner is None and choice.team is None:
        return _by_state(pairs, conditions, limit)
    newest = select(STANDING.subject_id, STANDING.due_at).where(*conditions)
    return newest.order_by(STANDING.subject_id.desc()).limit(limit)


def _by_state(
    pairs: Sequence[tuple[str, str]], conditions: Sequence[ColumnElement[bool]], limit: int
) -> Select[Any]:
    """Of each lifecycle and state the newest, by the index and in its order."""
    parts = [
        select(STANDING.subject_id, STANDING.due_at)
        .where(STANDING.lifecycle == lifecycle, STANDING.state == state, *conditions)
        .order_by(STANDING.subject_id.desc())
        .limit(limit)
        .subquery()
        for lifecycle, state in pairs
    ]
    found = union_all(*(select(part) for part in parts)).subquery()
    return select(found).order_by(found.c.subject_id.desc()).limit(limit)


def place_of(choice: Choice, row: int, due_at: datetime | None) -> Place:
    """The place of a subject on the pages of a choice."""
    if choice.due_before is None or due_at is None:
        return 0, row
    return (due_at - _FIRST) // _MICROSECOND, row
