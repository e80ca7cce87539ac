"""What comes again: how often, how often in as long a time before, and in how many months."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import func, select

from workflow.barometer.distributions import distributions, period_rows
from workflow.barometer.periods import periods
from workflow.barometer.question import COLUMNS, Question
from workflow.store.port import Store
from workflow.store.schema import figures


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Of one group: subjects in the time asked for, in as long a time before it, and months that had any."""

    subjects: int
    before: int
    months: int

    def numbers(self) -> dict[str, int | float | None]:
        """For an answer; `change` is the difference to the time before."""
        return {"before": self.before, "change": self.subjects - self.before, "months": self.months}


def recurrence(store: Store, question: Question) -> dict[str | None, Recurrence]:
    """By group; those that were there before and are no more come last."""
    now = distributions(store, question, "outcome")
    earlier = replace(
        question, since=question.since - (question.until - question.since), until=question.since
    )
    before = {name: one.total() for name, one in distributions(store, earlier, "outcome").items()}
    months = _months(store, question)
    names = dict.fromkeys([*now, *before])
    return {
        name: Recurrence(now[name].total() if name in now else 0, before.get(name, 0), months.get(name, 0))
        for name in names
    }


def _months(store: Store, question: Question) -> dict[str | None, int]:
    """In how many months of the zone each group has subjects."""
    over = periods("month", question.since, question.until, question.zone)
    if not over:
        return {}
    period, within = period_rows(over)
    group = COLUMNS[question.by]
    statement = (
        select(group, func.count(period.c.n.distinct()))
        .join_from(period, figures, within)
        .where(question.chosen())
        .group_by(group)
    )
    with store.connect() as connection:
        return {name: number for name, number in connection.execute(statement)}
