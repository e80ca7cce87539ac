"""The one query behind every figure: how often each value occurs, group by group.

Figures of the same subjects that are grouped alike, such as promises kept and the minutes to our first word,
are counted in one pass: finding the rows takes as long for one of them as for all.

Values are few (outcomes; minutes, by the hour after the first day; small numbers), so that one pass over the
narrow rows and a hash table is all that the database has to do. Medians are exact, from the counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    case,
    func,
    literal_column,
    null,
    select,
    text,
)

from workflow.recovery.barometer.numbering import numbered
from workflow.recovery.barometer.periods import UNITS, Period, periods
from workflow.recovery.barometer.question import COLUMNS, Question
from workflow.store.schema import figures

Value = Literal["outcome", "minutes", "count"]
Distribution = Counter[Any]
"""How often each value occurs; None for subjects that have none."""

# Written out: a parameter would be another one in GROUP BY, and so another expression to PostgreSQL.
_DAY, _HOUR = literal_column("1440", Integer), literal_column("60", Integer)
_NO_VALUE = -1
_BY_THE_INDEX = text("set local enable_seqscan = off")


def distributions(connection: Connection, question: Question, value: Value) -> dict[str | None, Distribution]:
    """By group, how often each value occurs among the subjects asked for; None is the group of no name.

    Of periods every one is there, the oldest first; of other groups those that have subjects, the largest
    first.
    """
    if question.by in UNITS:
        over = periods(question.by, question.since, question.until, question.zone)
        return _by_period(connection, question, over, value)
    group: ColumnElement[Any] = null() if question.by == "all" else COLUMNS[question.by]
    measured = _measured(value)
    statement = select(group, measured, func.count()).where(question.chosen())
    found = _counted(connection, statement.group_by(*_grouping(question.by, group), measured))
    return _largest_first(found)


def in_one_pass(
    connection: Connection, asked: Sequence[tuple[Question, Value]]
) -> list[dict[str | None, Distribution]]:
    """The same of several questions that differ in nothing but their kind and what they measure.

    None of them is grouped by periods.
    """
    first = asked[0][0]
    group: ColumnElement[Any] = null() if first.by == "all" else COLUMNS[first.by]
    told = [_told(*one).label(f"told_{number}") for number, one in enumerate(asked)]
    chosen = replace(first, figure=replace(first.figure, kind=None)).chosen()
    rows = select(group.label("name"), *told).where(chosen).subquery()
    found: list[dict[Any, Distribution]] = [defaultdict(Counter) for _ in asked]
    for name, *values, number in connection.execute(select(*rows.c, func.count()).group_by(*rows.c)).all():
        for mine, value in zip(found, values, strict=True):
            if value is not None:
                mine[name][None if value == _NO_VALUE else value] += number
    return [_largest_first(one) for one in found]


def _told(question: Question, value: Value) -> ColumnElement[Any]:
    """What a subject tells: null if it is of another kind, `_NO_VALUE` if it is of this one and has none."""
    measured = _measured(value)
    if value != "outcome":  # which every subject has
        measured = func.coalesce(measured, _NO_VALUE)
    kind = question.figure.kind
    return measured if kind is None else case((figures.c.kind == kind, measured))


def _largest_first(found: dict[Any, Distribution]) -> dict[str | None, Distribution]:
    return dict(sorted(found.items(), key=lambda one: (-one[1].total(), one[0] or "")))


def _grouping(by: str, group: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    return [] if by == "all" else [group]


def _by_period(
    connection: Connection, question: Question, over: list[Period], value: Value
) -> dict[str | None, Distribution]:
    if not over:
        return {}
    rows = numbered(connection.dialect.name, question, over, _measured(value))
    statement = select(rows.c.n, rows.c.told, func.count()).group_by(rows.c.n, rows.c.told)
    found = _counted(connection, statement)
    return {one.label: found.get(number, Counter()) for number, one in enumerate(over)}


def _measured(value: Value) -> ColumnElement[Any]:
    if value != "minutes":
        return figures.c[value]
    minutes = figures.c.minutes
    return case((minutes < _DAY, minutes), else_=minutes - minutes % _HOUR)


def _counted(connection: Connection, statement: Select[Any]) -> dict[Any, Distribution]:
    found: dict[Any, Distribution] = defaultdict(Counter)
    for group, value, number in connection.execute(statement).all():
        found[group][value] += number
    return found


def by_the_index(connection: Connection) -> None:
    """Have PostgreSQL find the rows of a time by their index, in this transaction.

    Rows of one time lie together, as they came; its planner reckons that they lie anywhere, and reads all
    figures there ever were (175 ms for 150,000 of 700,000 rows; so 50).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_BY_THE_INDEX)


def together(parts: Iterable[Distribution]) -> Distribution:
    """All groups as one."""
    whole: Distribution = Counter()
    for part in parts:
        whole.update(part)
    return whole


def quantile(distribution: Mapping[Any, int], share: float) -> Any:
    """The value that `share` of all do not exceed, by nearest rank; None for no values."""
    values = sorted(value for value in distribution if value is not None)
    rank, passed = share * sum(distribution[value] for value in values), 0
    for value in values:
        passed += distribution[value]
        if passed >= rank:
            return value
    return None
