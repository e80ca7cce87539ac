"""Rows of subjects out of the index of terms, the newest first, however many there are.

SQLite's index gives them in that order, one by one. PostgreSQL's gives all of them at once, and its planner
cannot know how many: it would read the whole table backwards for the one row that has a rare term. So it is
asked for some hundreds at most. Are there more, it is asked block by block, a block being a term as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    TextClause,
    case,
    cast,
    column,
    exists,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from workflow.search.choosing import STANDING
from workflow.search.expression import Expression, Term, all_of, any_of, text_of, without
from workflow.search.terms import BLOCK, block_of
from workflow.store.schema import search_terms

FEW = 500
"""Rows that are sorted rather than read in their order."""
_MOST_LOOKED_UP = 1_500
"""Rows, about, of which it is looked up how they stand, rather than read block by block."""
_SIGN_OF_MANY = 4
"""Rows in the newest block from which on there are too many altogether to count them."""
_ROW = search_terms.c.subject_id
_FTS5 = table("search_terms_index", column("rowid"))
_BY_INDEX = text(
    "set local max_parallel_workers_per_gather = 0; "
    + "; ".join(
        f"set local {way} = off" for way in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")
    )
)


class TermIndex:
    """The index, asked on one connection for subjects that are chosen by these conditions, too.

    Args:
        conditions: on rows of `standing`.
        is_narrow: whether few subjects may fit them; then those few are looked up first.
    """

    def __init__(
        self,
        connection: Connection,
        dialect: str,
        conditions: Sequence[ColumnElement[bool]],
        *,
        is_narrow: bool,
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._conditions = conditions
        self._is_narrow = is_narrow
        self._few: Sequence[int] | None = None
        self._last: int | None = None
        if dialect == "postgresql":
            connection.execute(_BY_INDEX)

    def newest(self, expression: Expression, before: int, limit: int) -> list[int]:
        """Rows of at most so many subjects with these terms, the newest first, before this row unless 0."""
        if self._dialect == "postgresql":
            return self._from_gin(expression, before, limit)
        return self._from_fts5(expression, before, limit)

    def ranked(
        self, expressions: Sequence[Expression], known: Sequence[Expression]
    ) -> list[tuple[int, int]] | None:
        """All rows that one of these finds and none of the known does, each with the first that finds it.

        None where they may be many, or where each is better asked alone: there are no round trips to SQLite.
        """
        if self._dialect != "postgresql":
            return None
        union = any_of(expressions)
        wanted = without(union, *known) if known else union
        some = select(_ROW, search_terms.c.terms).where(self._fits(wanted)).limit(FEW + 1).subquery("some")
        terms = some.c.terms
        last = len(expressions) - 1
        which = case(*((_has(terms, expressions[one]), one) for one in range(last)), else_=last)
        rows = self._connection.execute(select(some.c.subject_id, which)).all()
        if len(rows) > FEW:
            return None
        standing = set(self._standing([row for row, _ in rows]))
        return [(row, number) for row, number in rows if row in standing]

    def are_many(self, expression: Expression) -> bool:
        """Whether so many of the newest have these terms that there are many altogether."""
        if self._dialect != "postgresql":
            return False
        newest = next(_blocks(block_of(self._last_row())), range(0))
        wanted = all_of((any_of(Term(f"{BLOCK}{one}") for one in newest), expression))
        some = select(_ROW).where(self._fits(wanted)).limit(_SIGN_OF_MANY)
        return len(self._connection.execute(some).all()) == _SIGN_OF_MANY

    def _from_fts5(self, expression: Expression, before: int, limit: int) -> list[int]:
        row: ColumnElement[int] = _FTS5.c.rowid
        statement = select(row).where(self._fits(expression))
        few = self._few_chosen()
        if few is not None:
            statement = statement.where(row.in_(few))
        elif self._conditions:
            statement = statement.where(exists().where(STANDING.subject_id == row, *self._conditions))
        if before:
            statement = statement.where(row < before)
        return list(self._connection.execute(statement.order_by(row.desc()).limit(limit)).scalars())

    def _from_gin(self, expression: Expression, before: int, limit: int) -> list[int]:
        last = before - 1 if before else self._last_row()
        blocks = _blocks(block_of(last))
        found = self._in_blocks(expression, next(blocks, range(0)), before, limit)
        if len(found) == limit:
            return found
        are_many = len(found) >= _SIGN_OF_MANY or (bool(self._conditions) and self.are_many(expression))
        rows = self._few_found(expression, before, limit, are_many=are_many)
        if rows is not None:
            return rows
        for some_blocks in blocks:
            found += self._in_blocks(expression, some_blocks, before, limit - len(found))
            if len(found) == limit:
                break
        return found

    def _few_found(
        self, expression: Expression, before: int, limit: int, *, are_many: bool
    ) -> list[int] | None:
        """Those with these terms, if they are few or few are chosen; None if both are many."""
        if not are_many:
            some = select(_ROW).where(self._fits(expression)).limit(FEW + 1)
            rows = self._connection.execute(some).scalars().all()
            if len(rows) <= FEW:
                return _first(self._standing(rows), before, limit)
            if self._conditions and len(rows) * self._last_row() <= _MOST_LOOKED_UP * max(rows):
                looked_up = self._looked_up(expression, before, limit)
                if looked_up is not None:
                    return looked_up
        few = self._few_chosen()
        if few is None:
            return None
        chosen = select(_ROW).where(_ROW.in_(few), self._fits(expression))
        return _first(self._connection.execute(chosen).scalars().all(), before, limit)

    def _looked_up(self, expression: Expression, before: int, limit: int) -> list[int] | None:
        """Those with these terms that fit the conditions, in one statement; None where too many have them.

        Most of those who are called alike may have ended: block by block they would be read for nothing.
        """
        every = select(_ROW).where(self._fits(expression)).limit(2 * _MOST_LOOKED_UP).cte("every")
        row = every.c.subject_id
        fitting = select(row).where(exists().where(STANDING.subject_id == row, *self._conditions))
        if before:
            fitting = fitting.where(before > row)
        newest = fitting.order_by(row.desc()).limit(limit).scalar_subquery()
        count = select(func.count()).select_from(every).scalar_subquery()
        read, rows = self._connection.execute(select(count, func.array(newest))).one()
        return list(rows) if read < 2 * _MOST_LOOKED_UP else None

    def _standing(self, rows: Collection[int]) -> Collection[int]:
        """Those of these rows that fit the conditions."""
        if not self._conditions or not rows:
            return rows
        fitting = select(STANDING.subject_id).where(STANDING.subject_id.in_(rows), *self._conditions)
        return set(self._connection.execute(fitting).scalars())

    def _in_blocks(self, expression: Expression, blocks: range, before: int, limit: int) -> list[int]:
        """The newest of these blocks."""
        wanted = all_of((any_of(Term(f"{BLOCK}{one}") for one in blocks), expression))
        statement = select(_ROW).where(self._fits(wanted))
        if before:
            statement = statement.where(before > _ROW)
        if self._conditions:
            statement = statement.where(exists().where(STANDING.subject_id == _ROW, *self._conditions))
        some = statement.offset(0).subquery()  # found first, and ordered then
        ordered = select(some.c.subject_id).order_by(some.c.subject_id.desc())
        return list(self._connection.execute(ordered.limit(limit)).scalars())

    def _last_row(self) -> int:
        """The newest subject's."""
        if self._last is None:
            self._last = self._connection.scalar(select(func.max(_ROW))) or 0
        return self._last

    def _few_chosen(self) -> Sequence[int] | None:
        """The subjects that fit the conditions, if they are few."""
        if not self._is_narrow:
            return None
        if self._few is None:
            some = select(STANDING.subject_id).where(*self._conditions).limit(FEW + 1)
            self._few = self._connection.execute(some).scalars().all()
        return self._few if len(self._few) <= FEW else None

    def _fits(self, expression: Expression) -> TextClause:
        terms = text_of(expression, self._dialect)
        if self._dialect == "postgresql":
            return text("search_terms.terms @@ cast(:terms as tsquery)").bindparams(terms=terms)
        return text("search_terms_index match :terms").bindparams(terms=terms)


def _has(terms: ColumnElement[Any], expression: Expression) -> ColumnElement[bool]:
    query = cast(text_of(expression, "postgresql"), TSQUERY)
    return terms.op("@@", is_comparison=True)(query)


def _first(rows: Collection[int], before: int, limit: int) -> list[int]:
    return sorted((one for one in rows if before == 0 or one < before), reverse=True)[:limit]


def _blocks(newest: int) -> Iterator[range]:
    """Blocks from this one down to the first, twice as many each time."""
    width = 1
    while newest >= 0:
        yield range(newest, max(-1, newest - width), -1)
        newest -= width
        width *= 2
