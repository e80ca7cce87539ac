"""Which period a subject is counted in, as a number, in the way that each database does it best.

PostgreSQL looks the instant up among the beginnings of the periods, in one pass over the rows: a join with
the periods leaves its planner to guess how many rows lie in each. SQLite asks its index for each period.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, DateTime, Integer, Subquery, and_, column, func, literal, select, values
from sqlalchemy.dialects.postgresql import ARRAY

from workflow.recovery.barometer.periods import Period
from workflow.recovery.barometer.question import Question
from workflow.store.columns import Instant
from workflow.store.schema import figures


def numbered(
    dialect: str, question: Question, over: Sequence[Period], told: ColumnElement[object]
) -> Subquery:
    """Rows (n, told) of the subjects asked for: the place of their period in `over`, and what they tell.

    `over` are one or more periods, each beginning where the one before ends.
    """
    if dialect == "postgresql":
        beginnings = literal([one.start for one in over], ARRAY(DateTime(timezone=True)))
        number = func.width_bucket(figures.c.at, beginnings) - 1
        return select(number.label("n"), told.label("told")).where(question.chosen()).subquery()
    rows = values(column("n", Integer), column("start", Instant), column("finish", Instant), name="v")
    period = rows.data([(number, one.start, one.end) for number, one in enumerate(over)]).cte("periods")
    within = and_(figures.c.at >= period.c.start, figures.c.at < period.c.finish)
    return (
        select(period.c.n.label("n"), told.label("told"))
        .join_from(period, figures, within)
        .where(question.chosen())
        .subquery()
    )
