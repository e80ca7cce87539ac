"""A subject with all that came out of it: its children, theirs, and so on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Row, Text, bindparam, select

from state_machines.subject import INITIAL
from workflow.errors import NotFound
from workflow.store import schema
from workflow.store.among import among
from workflow.store.keys import that_may_be
from workflow.store.many_keys import of_each

MOST = 2_000
"""Members that are read at most, the open ones and the newest first; a case with more has long become
something else."""

_SUBJECT, _TIMER = schema.subjects.c, schema.timers.c
_COLUMNS = (
    *("id", "key", "lifecycle", "state", "seq", "data"),
    *("parent", "opened_at", "changed_at", "closed_at"),
)
_OF_ONE = tuple(_SUBJECT[name] for name in ("id", "key", "parent", "state", "closed_at"))
_HEADS = select(*_OF_ONE).where(
    _SUBJECT.key.in_(bindparam("keys", expanding=True)), _SUBJECT.state != INITIAL
)
_MEMBERS = select(*(_SUBJECT[name] for name in _COLUMNS)).where(among(_SUBJECT.id, "ids"))
_AT_ONCE = 500
"""Subjects that one query asks for: SQLite takes so many parameters and not all of them."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Member:
    """One subject of a family.

    Attributes:
        row: its row in `subjects`.
        depth: 0 for the head of the family, 1 for its children.
        seq: how many decisions were taken about it.
        opened_at, changed_at: UTC. closed_at: since when it is in a final state, UTC; None while it is open.
    """

    row: int
    key: str
    lifecycle: str
    state: str
    seq: int
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
    """The family of the subject of this key. Raises NotFound when no event ever opened it."""
    return families(connection, [key])[key]


def families(connection: Connection, keys: Collection[str]) -> dict[str, Family]:
    """The families of the subjects of these keys, which may have members in common.

    They are asked for together, generation by generation: of one recursive question a planner cannot know
    how few rows answer it, and reads the whole table (10 to 24 ms among 10,000 subjects of PostgreSQL; so 2
    to 3).

    Raises NotFound when no event ever opened one of them.
    """
    asked = _parts(that_may_be(keys))
    heads = {row.key: row for some in asked for row in connection.execute(_HEADS, {"keys": some})}
    missing = next((key for key in keys if key not in heads), None)
    if missing is not None:
        raise NotFound(f"subject: there is no {missing!r}")
    shown: dict[str, dict[int, int]] = {}
    more: Counter[str] = Counter()
    for key, others in _descendants(connection, keys).items():
        others.sort(key=_open_and_newest_first)
        shown[key] = {heads[key].id: 0, **{one.id: one.depth for one in others[: MOST - 1]}}
        more[key] = len(others) + 1 - len(shown[key])
    rows = {
        row.id: row for row in _with_columns(connection, {one for found in shown.values() for one in found})
    }
    return {key: Family(_members(found, rows), more[key]) for key, found in shown.items()}


class _Descendant(NamedTuple):
    """One of a family that was opened: its row, its generation, and whether it has ended."""

    id: int
    depth: int
    closed: bool


def _open_and_newest_first(one: _Descendant) -> tuple[bool, int]:
    return one.closed, -one.id


def _descendants(connection: Connection, heads: Collection[str]) -> dict[str, list[_Descendant]]:
    """Children, theirs, and so on, by the head of the family; also of those that nothing has opened yet."""
    found: dict[str, list[_Descendant]] = {key: [] for key in heads}
    families_of: dict[str, set[str]] = {key: {key} for key in heads}
    depth = 0
    while families_of:
        depth += 1
        next_generation: dict[str, set[str]] = {}
        for some in _parts([*families_of]):
            children = of_each(
                connection, {"key": (Text(), some)}, _OF_ONE, schema.subjects,
                lambda wanted: _SUBJECT.parent == wanted.c.key,
            )  # fmt: skip
            for row in connection.execute(children):
                next_generation[row.key] = families_of[row.parent]
                if row.state != INITIAL:
                    for head in families_of[row.parent]:
                        found[head].append(_Descendant(row.id, depth, row.closed_at is not None))
        families_of = next_generation
    return found


def _with_columns(connection: Connection, ids: Collection[int]) -> Iterator[Row[Any]]:
    for some in _parts(sorted(ids)):
        yield from connection.execute(_MEMBERS, {"ids": some})


def _members(depths: Mapping[int, int], rows: Mapping[int, Row[Any]]) -> list[Member]:
    """The head of a family, then the others, the oldest first."""
    columns: list[tuple[Any, ...]] = [(*rows[one], depth) for one, depth in depths.items()]
    members = [Member(*values) for values in columns]
    members.sort(key=lambda one: (one.depth != 0, one.row))
    return members


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
