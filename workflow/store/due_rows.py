"""Looks at the rows of a table that are due, by an index with another column before `due_at`.

Every look names the values of that column, and so reads the index in its order: its cost depends on what it
gives and not on what else is pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
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


class DueRows:
    """The due rows of one table.

    Args:
        table: `due_at` is null in rows that wait for nothing.
        leading: the column before `due_at` in the index.
        values: all that can stand in it, the first to be looked at first: numbers, or a query for them.
        shown: names of the columns of a row that `rows` gives.
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
        self._first = self._earliest()
        self._first_after = self._earliest(self._due_at > after)

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        """The condition that a row is due at `now`, for counting all that are.

        The instant stands in the statement itself: for a parameter PostgreSQL assumes that a third of all
        rows are due by then, and reads them all.
        """
        at = bindparam("due_by", now, type_=self._due_at.type, literal_execute=True)
        return self._leading.in_(self._values) & (self._due_at <= at)

    def rows(
        self, connection: Connection, now: datetime, limit: int, *where: ColumnElement[bool]
    ) -> Select[Any]:
        """A query for the rows due at `now`, at most `limit`: those of each value that are due first.

        Args:
            connection: to ask for the values, where a query gives them.
            where: what else must be true of a row.
        """
        values = self._values
        if isinstance(values, Select):
            values = connection.execute(values).scalars().all()
        if not values:
            return select(*self._shown).where(false())
        parts = [
            select(*self._shown)
            .where(self._leading == value, self._due_at <= now, *where)
            .order_by(self._due_at)
            .limit(limit)
            .subquery()
            for value in values
        ]
        due = union_all(*(select(part) for part in parts)).subquery()
        return select(due).limit(limit)

    def first_due(self, connection: Connection, after: datetime | None = None) -> datetime | None:
        """When the first row is due, of those due after an instant if it is given, UTC; None without any."""
        if after is None:
            due: datetime | None = connection.scalar(self._first)
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
