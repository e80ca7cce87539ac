"""Looks at the rows of a table that are due, by an index with another column before `due_at`.

Every look names the values of that column, and so reads the index in its order: its cost depends on what it
gives and not on what else is pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    bindparam,
    false,
    func,
    literal,
    select,
    union_all,
)

from workflow.store.port import Store


class _Statements(NamedTuple):
    """What is asked of the rows due at `now`, at most `limit`, for the values of one moment."""

    rows: Select[Any]
    waiting: Select[int, Any, Any]


class Waiting(NamedTuple):
    """What a look at due rows finds.

    Attributes:
        many: how many there are.
        since: since when the first of them is due, UTC; None without any.
        row: the first value of its `shown`: of many due at one instant it tells which it is.
    """

    many: int
    since: datetime | None
    row: int | None


class DueRows:
    """The due rows of one table. A statement is built once and executed again and again.

    Args:
        table: `due_at` is null in rows that wait for nothing.
        leading: the column before `due_at` in the index.
        values: all that can stand in it, the first to be looked at first: numbers, or a query for them.
        shown: names of the columns of a row that `rows` gives.

    Attributes:
        first: the query for when the first row is due.
    """

    def __init__(
        self,
        table: Table,
        leading: Column[Any],
        values: Sequence[int] | Select[Any],
        shown: Sequence[str] = ("subject_id", "due_at"),
    ) -> None:
        self._leading = leading
        self._values = values
        self._due_at: Column[datetime] = table.c.due_at
        self._shown = [table.c[name] for name in shown]
        query = values if isinstance(values, Select) else union_all(*(select(literal(one)) for one in values))
        self._each = query.subquery()
        after = bindparam("after", type_=self._due_at.type)
        self.first = self._earliest()
        self._first_after = self._earliest(self._due_at > after)
        self._where: tuple[ColumnElement[bool], ...] = ()
        self._built: dict[tuple[Any, ...], _Statements] = {}

    def only(self, condition: ColumnElement[bool]) -> DueRows:
        """Those of them for which a condition holds; what is not due yet is not asked for by it."""
        fewer = copy(self)
        fewer._where = (*self._where, condition)
        fewer._built = {}
        return fewer

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        """The condition that a row is due at `now`, for counting all that are.

        The instant stands in the statement itself: for a parameter PostgreSQL assumes that a third of all
        rows are due by then, and reads them all.
        """
        at = bindparam("due_by", now, type_=self._due_at.type, literal_execute=True)
        return self._leading.in_(self._values) & (self._due_at <= at)

    def rows(self, connection: Connection, now: datetime, limit: int) -> list[Row[Any]]:
        """The rows due at `now`, at most `limit`: those of each value that are due first."""
        statement = self._statements(connection).rows
        return list(connection.execute(statement, {"now": now, "limit": limit}))

    def waiting(self, connection: Connection, now: datetime, limit: int) -> Waiting:
        """How many these are, and which of them is due first."""
        statement = self._statements(connection).waiting
        return Waiting(*connection.execute(statement, {"now": now, "limit": limit}).one())

    def _statements(self, connection: Connection) -> _Statements:
        values = self._values
        found = connection.execute(values).scalars() if isinstance(values, Select) else values
        key = tuple(found)
        built = self._built.get(key)
        if built is None:
            self._built.clear()  # the values of an earlier moment, to which it does not go back
            built = self._built[key] = self._build(key)
        return built

    def _build(self, values: tuple[Any, ...]) -> _Statements:
        now, limit = bindparam("now", type_=self._due_at.type), bindparam("limit", type_=Integer())
        parts = [
            select(*self._shown)
            .where(self._leading == value, self._due_at <= now, *self._where)
            .order_by(self._due_at)
            .limit(limit)
            .subquery()
            for value in values
        ]
        if parts:
            due = union_all(*(select(part) for part in parts)).subquery()
            rows = select(due).limit(limit)
        else:
            rows = select(*self._shown).where(false(), self._due_at <= now).limit(limit)
        some = rows.cte("some")
        earliest = func.min(some.c.due_at, type_=self._due_at.type)
        row = some.c[self._shown[0].name]
        first = select(row).order_by(some.c.due_at, row).limit(1).scalar_subquery()
        waiting = select(func.count(), earliest, first).select_from(some)
        return _Statements(rows, waiting)

    def first_due(self, connection: Connection, after: datetime | None = None) -> datetime | None:
        """When the first row is due, of those due after an instant if it is given, UTC; None without any."""
        if after is None:
            due: datetime | None = connection.scalar(self.first)
        else:
            due = connection.scalar(self._first_after, {"after": after})
        return due

    def next_due(self, store: Store) -> datetime | None:
        """The same over a connection of its own."""
        with store.connect() as connection:
            return self.first_due(connection)

    def _earliest(self, *where: ColumnElement[bool]) -> Select[Any]:
        """A query for the earliest: a look at the index for each value."""
        (value,) = self._each.c
        of_one = select(func.min(self._due_at)).where(
            self._leading == value, self._due_at.is_not(None), *where
        )
        found = select(of_one.scalar_subquery().label("earliest")).select_from(self._each).subquery()
        return select(func.min(found.c.earliest, type_=self._due_at.type))
