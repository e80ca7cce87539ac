"""A subject with all that came out of it: its children, theirs, and so on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Row, bindparam, select

from state_machines.subject import INITIAL
from workflow.errors import NotFound
from workflow.store import schema
from workflow.store.keys import key_is

MOST = 2_000
"""Members that are read at most, the open ones and the newest first; a case with more has long become
something else."""

_SUBJECT, _TIMER = schema.subjects.c, schema.timers.c
_COLUMNS = ("id", "key", "lifecycle", "state", "data", "parent", "opened_at", "changed_at", "closed_at")
_OF_ONE = tuple(_SUBJECT[name] for name in ("id", "key", "state", "closed_at"))
_CHILDREN = select(*_OF_ONE).where(_SUBJECT.parent.in_(bindparam("parents", expanding=True)))
_MEMBERS = select(*(_SUBJECT[name] for name in _COLUMNS)).where(
    _SUBJECT.id.in_(bindparam("ids", expanding=True))
)
_AT_ONCE = 500
"""Subjects that one query asks for: SQLite takes so many parameters and not all of them."""
T = TypeVar("T")


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
    """The family of the subject of this key.

    It is asked for generation by generation: of one recursive question a planner cannot know how few rows
    answer it, and reads the whole table (10 to 24 ms among 10,000 subjects of PostgreSQL; so 2 to 3).

    Raises NotFound when no event ever opened it.
    """
    head = connection.execute(
        select(*_OF_ONE).where(key_is(_SUBJECT.key, key), _SUBJECT.state != INITIAL)
    ).one_or_none()
    if head is None:
        raise NotFound(f"subject: there is no {key!r}")
    others = sorted(_descendants(connection, head.key), key=_open_and_newest_first)
    shown = {one.id: one.depth for one in others[: MOST - 1]}
    found: list[list[Any]] = [
        [*row, shown.get(row.id, 0)] for row in _with_columns(connection, [head.id, *shown])
    ]
    members = [Member(*values) for values in found]
    members.sort(key=lambda one: (one.depth != 0, one.row))
    return Family(members, len(others) - len(shown))


class _Descendant(NamedTuple):
    """One of a family that was opened: its row, its generation, and whether it has ended."""

    id: int
    depth: int
    closed: bool


def _open_and_newest_first(one: _Descendant) -> tuple[bool, int]:
    return one.closed, -one.id


def _descendants(connection: Connection, head: str) -> Iterator[_Descendant]:
    """Children, theirs, and so on; also of those that nothing has opened yet."""
    parents, depth = [head], 0
    while parents:
        depth += 1
        children: list[str] = []
        for some in _parts(parents):
            for row in connection.execute(_CHILDREN, {"parents": some}):
                children.append(row.key)
                if row.state != INITIAL:
                    yield _Descendant(row.id, depth, row.closed_at is not None)
        parents = children


def _with_columns(connection: Connection, ids: Sequence[int]) -> Iterator[Row[Any]]:
    for some in _parts(ids):
        yield from connection.execute(_MEMBERS, {"ids": some})


def _parts(found: Sequence[T]) -> Iterator[Sequence[T]]:
    return (found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE))


def timers_of(connection: Connection, members: Sequence[Member]) -> list[FamilyTimer]:
    """Everything that is to come for them, the next first."""
    keys = {member.row: member.key for member in members if member.is_open}
    statement = (
        select(_TIMER.subject_id, _TIMER.name, _TIMER.due_at)
        .where(_TIMER.subject_id.in_(keys), _TIMER.due_at.is_not(None))
        .order_by(_TIMER.due_at, _TIMER.subject_id, _TIMER.name)
    )
    return [FamilyTimer(keys[row], name, due_at) for row, name, due_at in connection.execute(statement)]
