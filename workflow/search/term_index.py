"""Rows of subjects out of the index of terms, the newest first, however many there are.

SQLite's index gives them in that order, one by one. PostgreSQL's gives all of them at once, and its planner
cannot know how many: it would read the whole table backwards for the one row that has a rare term. So it is
looked first which of the newest rows have the terms, and by what that shows it is asked in one of three
ways (`ways`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    TextClause,
    and_,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    not_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from workflow.search.choosing import STANDING
from workflow.search.expression import Expression, any_of, text_of, without
from workflow.search.ways import Sample, Way, cheapest, rows_to_look_at, terms_in
from workflow.store.schema import search_terms

FEW = 500
"""Rows that are sorted rather than read in their order."""
MANY = 3_000
"""The same, where few of them are chosen."""
_SIGN_OF_MANY = 4
"""Of the newest rows, from which on there are too many altogether to count them."""
_SIGN_OF_ENOUGH = 2
"""The same of those that are chosen, from which on a page is soon full."""
_ROW = search_terms.c.subject_id
_FTS5 = table("search_terms_index", column("rowid"))
_BY_INDEX = text(
    "set local max_parallel_workers_per_gather = 0; "
    + "; ".join(
        f"set local {way} = off" for way in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")
    )
)


class _Seen(NamedTuple):
    """How many of the rows from `begins` on have some terms, and those of them that are chosen, too."""

    begins: int
    having: int
    fitting: list[int]

    def sample(self, before: int, limit: int, terms: int) -> Sample:
        """What it says of all rows before one."""
        looked_at = before - self.begins
        return Sample(before - 1, looked_at, self.having, len(self.fitting), limit, terms)


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

    def newest(self, expression: Expression, before: int, limit: int, *, seldom: bool = False) -> list[int]:
        """Rows of at most so many subjects with these terms, the newest first, before this row unless 0.

        Args:
            seldom: whether it is known that few have them.
        """
        if self._dialect == "postgresql":
            if seldom:
                return self._by_terms(expression, before or self._last_row() + 1, limit)
            return self._from_gin(expression, before, limit)
        return self._from_fts5(expression, before, limit)

    def ranked(
        self, expressions: Sequence[Expression], all_of_them: Expression, known: Sequence[Expression]
    ) -> list[tuple[int, int]] | None:
        """All rows that one of these finds and none of the known does, each with the first that finds it.

        None where they may be many, or where each is better asked alone: there are no round trips to SQLite.

        Args:
            all_of_them: finds what any of them does.
            known: have been asked in the same way, and found few that are chosen.
        """
        if self._dialect != "postgresql":
            return None
        # Rows that are known are few unless others had to be chosen among them: it is cheaper to read them
        # once more than to have the index decide about each term of them.
        by_index = known if self._conditions else ()
        wanted = without(all_of_them, *by_index) if by_index else all_of_them
        some = select(_ROW, search_terms.c.terms).where(self._fits(wanted))
        few = self._few_chosen()
        if few is not None:
            some = some.where(_ROW.in_(few))
        most = 2 * MANY if self._conditions else FEW
        every = some.limit(most + 1).cte("every")
        terms = every.c.terms
        last = len(expressions) - 1
        which = case(*((_has(terms, expressions[one]), one) for one in range(last)), else_=last)
        some_found = select(every.c.subject_id, which.label("which"))
        if known and not by_index:
            some_found = some_found.where(not_(_has(terms, any_of(known))))
        if few is None:
            some_found = some_found.where(*self._stands(every.c.subject_id))
        found = some_found.subquery("found")
        count = select(func.count().label("rows")).select_from(every).subquery("counted")
        both = select(count.c.rows, found.c.subject_id, found.c.which)
        rows = self._connection.execute(both.select_from(count.outerjoin(found, true()))).all()
        if rows[0].rows > most:
            return None
        return [(row, number) for _, row, number in rows if row is not None]

    def are_many(self, expression: Expression) -> bool:
        """Whether so many of the newest have these terms that there are many altogether."""
        if self._dialect != "postgresql":
            return False
        if self._few_chosen() is not None:
            return False
        before = self._last_row() + 1
        seen = self._newest_rows(expression, before, 1)
        if not self._conditions or len(seen.fitting) >= _SIGN_OF_ENOUGH:
            return seen.having >= _SIGN_OF_MANY
        return seen.having * before > MANY * (before - seen.begins)

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
        before = before or self._last_row() + 1
        seen = self._newest_rows(expression, before, limit)
        if len(seen.fitting) >= limit or seen.begins <= 1:
            return seen.fitting[:limit]
        way = cheapest(seen.sample(before, limit, terms_in(expression)), narrow=self._is_narrow)
        if way is Way.ROWS:
            more = self._by_rows(expression, seen.begins, limit - len(seen.fitting))
            return [*seen.fitting, *more]
        if way is Way.STANDING:
            return self._by_standing(expression, before, limit)
        return self._by_terms(expression, before, limit)

    def _newest_rows(self, expression: Expression, before: int, limit: int) -> _Seen:
        """Those of the newest rows that have these terms, and how they stand, as far as it must be known."""
        begins = max(1, before - rows_to_look_at(terms_in(expression)))
        some = select(_ROW, and_(true(), *self._stands(_ROW))).where(
            self._fits(expression), begins <= _ROW, before > _ROW
        )
        rows = sorted(self._connection.execute(some).all(), reverse=True)
        return _Seen(begins, len(rows), [row for row, fitting in rows if fitting])

    def _by_rows(self, expression: Expression, before: int, limit: int) -> list[int]:
        """Row after row, from the newest on, until there are enough."""
        some = select(_ROW).where(self._fits(expression), before > _ROW, *self._stands(_ROW))
        return list(self._connection.execute(some.order_by(_ROW.desc()).limit(limit)).scalars())

    def _by_terms(self, expression: Expression, before: int, limit: int) -> list[int]:
        """All that have these terms, and then how they stand, from the newest on until there are enough."""
        # Rows before a place are told apart afterwards: else its planner might read the table in its order.
        every = select(_ROW).where(self._fits(expression)).offset(0).cte("every")
        row = every.c.subject_id
        ordered = select(row).where(before > row).order_by(row.desc()).offset(0).subquery()
        found = select(ordered.c.subject_id).where(*self._stands(ordered.c.subject_id))
        found = found.order_by(ordered.c.subject_id.desc())  # as they are, unless its planner joins by a hash
        return list(self._connection.execute(found.limit(limit)).scalars())

    def _by_standing(self, expression: Expression, before: int, limit: int) -> list[int]:
        """Those who stand so, from the newest on, and then whether they have these terms."""
        chosen = (
            select(STANDING.subject_id)
            .where(before > STANDING.subject_id, *self._conditions)
            .order_by(STANDING.subject_id.desc())
            .offset(0)
            .subquery()
        )
        has = exists().where(chosen.c.subject_id == _ROW, self._fits(expression))
        found = select(chosen.c.subject_id).where(has).order_by(chosen.c.subject_id.desc())
        return list(self._connection.execute(found.limit(limit)).scalars())

    def _stands(self, row: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """Whether it is chosen, too: looked up row by row, and never for all that there are."""
        if not self._conditions:
            return []
        return [select(literal(1)).where(STANDING.subject_id == row, *self._conditions).offset(0).exists()]

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
