"""A subject with all that came out of it: its children, theirs, and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal, select

from state_machines.subject import INITIAL
from workflow.errors import NotFound
from workflow.store import schema
from workflow.store.keys import key_is

MOST = 2_000
"""Members that are read at most, the open ones and the newest first; a case with more has long become
something else."""

_SUBJECT, _TIMER = schema.subjects.c, schema.timers.c
_COLUMNS = ("id", "key", "lifecycle", "state", "data", "parent", "opened_at", "changed_at", "closed_at")


@dataclass(frozen=True, slots=True)
class Member:
    """One subject of a family.

    Attributes:
        row: its row in `subjects`.
        depth: 0 for the head of the family, 1 for its children.
        opened_at, changed_at: UTC. closed_at: since when it is in a final state, UTC; None while it is open.
    """

    row: int
    key: str
    lifecycle: str
    state: str
    data: Mapping[str, Any]
    parent: str | None
    opened_at: datetime | None
    changed_at: datetime | None
    closed_at: datetime | None
    depth: int

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class FamilyTimer:
    """A pending timer of one of them: its name in the definition, and when it is due, UTC."""

    subject: str
    name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Family:
    """A subject and its descendants.

    Attributes:
        members: the subject itself, then the others, the oldest first; `MOST` at most.
        more: how many there are besides.
    """

    members: list[Member]
    more: int


def family(connection: Connection, key: str) -> Family:
    """The family of the subject of this key, in one query.

    Raises NotFound when no event ever opened it.
    """
    head = select(_SUBJECT.key, literal(0).label("depth")).where(
        key_is(_SUBJECT.key, key), _SUBJECT.state != INITIAL
    )
    tree = head.cte("family", recursive=True)
    tree = tree.union_all(
        select(_SUBJECT.key, tree.c.depth + 1).join_from(schema.subjects, tree, _SUBJECT.parent == tree.c.key)
    )
    statement = (
        select(*(_SUBJECT[name] for name in _COLUMNS), tree.c.depth)
        .join_from(tree, schema.subjects, _SUBJECT.key == tree.c.key)
        .where(_SUBJECT.state != INITIAL)
        .order_by(tree.c.depth != 0, _SUBJECT.closed_at.is_not(None), _SUBJECT.id.desc())
        .limit(MOST + 1)
    )
    rows: Sequence[Any] = connection.execute(statement).all()
    if not rows:
        raise NotFound(f"subject: there is no {key!r}")
    more = 0
    if len(rows) > MOST:
        counted = (
            select(func.count())
            .select_from(tree)
            .join(schema.subjects, _SUBJECT.key == tree.c.key)
            .where(_SUBJECT.state != INITIAL)
        )
        more = (connection.scalar(counted) or MOST) - MOST
    members = [Member(*row) for row in rows[:MOST]]
    members.sort(key=lambda one: (one.depth != 0, one.row))
    return Family(members, more)


def timers_of(connection: Connection, members: Sequence[Member]) -> list[FamilyTimer]:
    """Everything that is to come for them, the next first."""
    keys = {member.row: member.key for member in members if member.is_open}
    statement = (
        select(_TIMER.subject_id, _TIMER.name, _TIMER.due_at)
        .where(_TIMER.subject_id.in_(keys), _TIMER.due_at.is_not(None))
        .order_by(_TIMER.due_at, _TIMER.subject_id, _TIMER.name)
    )
    return [FamilyTimer(keys[row], name, due_at) for row, name, due_at in connection.execute(statement)]
