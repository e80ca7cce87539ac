"""What the barometer answers: a few numbers of each group, and of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from workflow.recovery.barometer.distributions import (
    Distribution,
    Value,
    by_the_index,
    distributions,
    in_one_pass,
    quantile,
    together,
)
from workflow.recovery.barometer.figures import Measure
from workflow.recovery.barometer.periods import UNITS
from workflow.recovery.barometer.question import GROUPS, Question
from workflow.recovery.barometer.recurrence import recurrence
from workflow.store.port import Store

Numbers = Mapping[str, int | float | None]
_Numbers = Callable[[Distribution], Numbers]

ORDER = ("kept", "late", "lapsed", "open", "withdrawn")
"""Outcomes that are everywhere the same, as they are shown; a lifecycle's own come after them."""
MANY = 3
"""Hand-overs from which on somebody was sent round."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its name (None: of those that have none), how many subjects, and its numbers."""

    name: str | None
    subjects: int
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class FigureResult:
    """The groups in order, and all of them as one."""

    groups: list[Group]
    all: Group


def ask(store: Store, question: Question) -> FigureResult:
    """What the barometer shows. Raises InvalidQuery for more periods than fit one answer."""
    return ask_all(store, [question])[0]


def ask_all(store: Store, questions: Iterable[Question]) -> list[FigureResult]:
    """The same of several questions, as all of it stands at about one instant."""
    asked = list(questions)
    passes: dict[Hashable, list[Question]] = {}
    for one in asked:
        passes.setdefault(_pass_of(one), []).append(one)
    found: dict[int, FigureResult] = {}
    with store.connect() as connection:
        by_the_index(connection)
        for alike in passes.values():
            for one, answer in zip(alike, _answers(connection, alike), strict=True):
                found[id(one)] = answer
    return [found[id(one)] for one in asked]


def _pass_of(question: Question) -> Hashable:
    """Questions for which this is the same are answered by one pass over their subjects."""
    if question.by in UNITS or _is_recurring(question):
        return id(question)
    only = frozenset(question.only.items())
    return question.figure.lifecycle, question.since, question.until, question.by, only


def _is_recurring(question: Question) -> bool:
    return question.figure.measure is Measure.RECURRING and question.by in GROUPS


def _answers(connection: Connection, questions: Sequence[Question]) -> list[FigureResult]:
    """Of questions of one pass."""
    first = questions[0]
    if _is_recurring(first):
        return [_recurring(connection, first)]
    values = [_MEASURES[one.figure.measure] for one in questions]
    if len(questions) == 1:
        found = [distributions(connection, first, values[0][0])]
    else:
        asked = [(one, value) for one, (value, _) in zip(questions, values, strict=True)]
        found = in_one_pass(connection, asked)
    return [_result(one, numbers) for one, (_, numbers) in zip(found, values, strict=True)]


def _result(found: Mapping[str | None, Distribution], numbers: _Numbers) -> FigureResult:
    groups = [Group(name, one.total(), numbers(one)) for name, one in found.items()]
    whole = together(found.values())
    return FigureResult(groups, Group(None, whole.total(), numbers(whole)))


def outcome_numbers(found: Distribution) -> Numbers:
    """How many stand in which way; `kept_share` is of those that fell due: kept, late and lapsed."""
    own = sorted(str(name) for name in found if name not in ORDER)
    numbers: dict[str, int | float | None] = {name: found[name] for name in (*ORDER, *own)}
    due = found["kept"] + found["late"] + found["lapsed"]
    numbers["kept_share"] = round(found["kept"] / due, 4) if due else None
    return numbers


def minutes_numbers(found: Distribution) -> Numbers:
    """Of those that were settled: how many, the median, the time that nine of ten needed, the longest."""
    known = {value: number for value, number in found.items() if value is not None}
    return {
        "settled": sum(known.values()),
        "median": quantile(known, 0.5),
        "nine_of_ten": quantile(known, 0.9),
        "longest": max(known, default=None),
    }


def counts_numbers(found: Distribution) -> Numbers:
    """Their sum, the mean of a subject, the most, and how many subjects have `MANY` or more."""
    known = {value: number for value, number in found.items() if value is not None}
    subjects = sum(known.values())
    total = sum(value * number for value, number in known.items())
    return {
        "sum": total,
        "mean": round(total / subjects, 2) if subjects else None,
        "most": max(known, default=None),
        "many": sum(number for value, number in known.items() if value >= MANY),
    }


_MEASURES: Mapping[Measure, tuple[Value, _Numbers]] = {
    Measure.OUTCOMES: ("outcome", outcome_numbers),
    Measure.RECURRING: ("outcome", outcome_numbers),
    Measure.MINUTES: ("minutes", minutes_numbers),
    Measure.COUNTS: ("count", counts_numbers),
}


def _recurring(connection: Connection, question: Question) -> FigureResult:
    found = recurrence(connection, question)
    groups = [Group(name, one.subjects, one.numbers()) for name, one in found.items()]
    subjects = sum(one.subjects for one in groups)
    before = sum(one.before for one in found.values())
    return FigureResult(groups, Group(None, subjects, {"before": before}))
