"""What comes again: how often, how often in as long a time before, and in how many months."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from workflow.recovery.barometer.distributions import distributions
from workflow.recovery.barometer.numbering import numbered
from workflow.recovery.barometer.periods import periods
from workflow.recovery.barometer.question import COLUMNS, Question


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Of one group: subjects in the time asked for, in as long a time before it, and months that had any."""

    subjects: int
    before: int
    months: int

    def numbers(self) -> dict[str, int | float | None]:
        """For an answer; `change` is the difference to the time before."""
        return {"before": self.before, "change": self.subjects - self.before, "months": self.months}


def recurrence(connection: Connection, question: Question) -> dict[str | None, Recurrence]:
    """By group; those that were there before and are no more come last."""
    now = _by_month(connection, question)
    span = question.until - question.since
    earlier = replace(question, since=question.since - span, until=question.since)
    before = {name: one.total() for name, one in distributions(connection, earlier, "outcome").items()}
    names = dict.fromkeys([*now, *before])
    return {
        name: Recurrence(sum(now.get(name, ())), before.get(name, 0), len(now.get(name, ())))
        for name in names
    }


def _by_month(connection: Connection, question: Question) -> dict[str | None, list[int]]:
    """By group, how many subjects each month of the zone has that has any; the largest group first."""
    over = periods("month", question.since, question.until, question.zone)
    rows = numbered(connection.dialect.name, question, over, COLUMNS[question.by])
    statement = select(rows.c.told, func.count()).group_by(rows.c.told, rows.c.n)
    found: dict[str | None, list[int]] = {}
    for name, number in connection.execute(statement):
        found.setdefault(name, []).append(number)
    return dict(sorted(found.items(), key=lambda one: (-sum(one[1]), one[0] or "")))
