"""What each of many has, asked for in one statement and found by an index.

Of a list of keys PostgreSQL's planner guesses how many rows they have, by statistics that are behind while
a table grows; it then reads tables from end to end. A lateral query with an offset of its own is planned for
one at a time. Source: PostgreSQL 18, 7.2.1.5 (LATERAL), and its planner's `is_simple_subquery`, by which a
query with an offset stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    column,
    func,
    literal,
    select,
    true,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

Many = Mapping[str, tuple[TypeEngine[Any], Sequence[Any]]]
"""By name the type and the values of a column; all have as many."""


def of_each(
    connection: Connection,
    many: Many,
    columns: Sequence[ColumnElement[Any]],
    where: FromClause,
    matches: Callable[[FromClause], ColumnElement[bool]],
) -> Select[Any]:
    """The query of these columns from `where`, of all rows that match one of `many`, in no order.

    Args:
        matches: the condition, of a table that has the columns of `many`.
    """
    if connection.dialect.name == "postgresql":
        arrays = [literal(list(found), ARRAY(kind)) for kind, found in many.values()]
        names = [column(name, kind) for name, (kind, _) in many.items()]
        wanted: FromClause = func.unnest(*arrays).table_valued(*names).render_derived("wanted")
        one = select(*columns).select_from(where).where(matches(wanted)).offset(0).lateral("one")
        return select(one).select_from(wanted.join(one, true()))
    named = values(*(column(name, kind) for name, (kind, _) in many.items()), name="wanted")
    given = named.data(list(zip(*(found for _, found in many.values()), strict=True))).cte("wanted")
    return select(*columns).select_from(where.join(given, matches(given)))
