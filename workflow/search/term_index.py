"""Rows of subjects out of the index of terms, the newest first, however many there are.

SQLite's index gives them in that order, one by one. PostgreSQL's gives all of them at once, and its planner
cannot know how many: it would read the whole table backwards for the one row that has a rare term. So it is
asked for a thousand at most. Are there more, it is asked block by block, a block being a term as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, TextClause, column, exists, func, select, table, text

from workflow.search.choosing import STANDING
from workflow.search.expression import Expression, Term, all_of, any_of, text_of
from workflow.search.terms import BLOCK, block_of
from workflow.store.schema import search_terms

FEW = 1_000
"""Rows that are sorted rather than read in their order."""
_ROW = search_terms.c.subject_id
_FTS5 = table("search_terms_index", column("rowid"))
_BY_INDEX = text("set local enable_seqscan = off; set local jit = off")


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
        if dialect == "postgresql":
            connection.execute(_BY_INDEX)

    def newest(self, expression: Expression, before: int, limit: int) -> list[int]:
        """Rows of at most so many subjects with these terms, the newest first, before this row unless 0."""
        if self._dialect == "postgresql":
            return self._from_gin(expression, before, limit)
        return self._from_fts5(expression, before, limit)

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
        some = select(_ROW).where(self._fits(expression)).limit(FEW + 1).subquery()
        row = some.c.subject_id
        stands = exists().where(STANDING.subject_id == row, *self._conditions)
        rows = self._connection.execute(select(row, stands) if self._conditions else select(row)).all()
        if len(rows) <= FEW:
            return _first([one[0] for one in rows if not self._conditions or one[1]], before, limit)
        few = self._few_chosen()
        if few is not None:
            chosen = select(_ROW).where(_ROW.in_(few), self._fits(expression))
            return _first(self._connection.execute(chosen).scalars().all(), before, limit)
        return self._by_blocks(expression, before, limit)

    def _by_blocks(self, expression: Expression, before: int, limit: int) -> list[int]:
        """Of very many, the newest: from the block of the last row on, ever more blocks at a time."""
        newest = before - 1 if before else self._connection.scalar(select(func.max(_ROW))) or 0
        found: list[int] = []
        for blocks in _blocks(block_of(newest)):
            wanted = all_of((any_of(Term(f"{BLOCK}{one}") for one in blocks), expression))
            assert wanted is not None
            statement = select(_ROW).where(self._fits(wanted))
            if before:
                statement = statement.where(before > _ROW)
            if self._conditions:
                statement = statement.where(exists().where(STANDING.subject_id == _ROW, *self._conditions))
            some = statement.offset(0).subquery()  # found first, and ordered then
            ordered = select(some.c.subject_id).order_by(some.c.subject_id.desc())
            found += self._connection.execute(ordered.limit(limit - len(found))).scalars()
            if len(found) == limit:
                break
        return found

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


def _first(rows: Sequence[int], before: int, limit: int) -> list[int]:
    return sorted((one for one in rows if before == 0 or one < before), reverse=True)[:limit]


def _blocks(newest: int) -> Iterator[range]:
    """Blocks from this one down to the first, twice as many each time."""
    width = 1
    while newest >= 0:
        yield range(newest, max(-1, newest - width), -1)
        newest -= width
        width *= 2
