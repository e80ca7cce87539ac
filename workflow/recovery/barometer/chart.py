"""Bars for the numbers of an answer: where each begins, how wide it is, where it leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from workflow.recovery.barometer.answers import ORDER, FigureResult, Group
from workflow.recovery.barometer.figures import Measure
from workflow.recovery.barometer.question import GROUPS, Question

WIDTH = 1000.0
"""Units from the left edge of the longest bar to its right edge."""
MOST = 40
"""Bars of one chart; the answer has all groups."""


class Places(Protocol):
    """Where the subjects behind a bar are listed."""

    def of(self, group: str | None, outcome: str | None = None) -> str:
        """Those of one group, or only those with this outcome."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: what it is, how much, from where, how wide, where it leads."""

    word: str
    value: float
    x: float
    width: float
    link: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One group: its label, its parts from left to right, and where all its subjects are listed."""

    label: str
    group: Group
    segments: list[Segment]
    link: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of one scale, the words of their parts, and how many groups have no place in it."""

    bars: list[Bar]
    words: list[str]
    left_out: int


def chart(question: Question, answer: FigureResult, places: Places) -> Chart:
    """The chart of an answer."""
    shown = answer.groups[:MOST] if question.by in GROUPS else answer.groups[-MOST:]
    rows = [(group, _parts(question, group)) for group in shown]
    longest = max((sum(part.length for part in parts) for _, parts in rows), default=0) or 1
    bars = [_bar(question, group, parts, WIDTH / longest, places) for group, parts in rows]
    words = list(dict.fromkeys(part.word for _, parts in rows for part in parts))
    return Chart(bars, sorted(words, key=_place), len(answer.groups) - len(shown))


def label(question: Question, group: Group) -> str:
    """What stands beside a bar."""
    if question.by == "all":
        return "all"
    return group.name if group.name is not None else f"no {question.by}"


class _Part(NamedTuple):
    """What a bar shows, and by how much longer it makes it."""

    word: str
    value: float
    length: float


def _parts(question: Question, group: Group) -> list[_Part]:
    """What a bar consists of."""
    numbers = group.numbers
    match question.figure.measure:
        case Measure.MINUTES:
            median, most = numbers["median"] or 0, numbers["nine_of_ten"] or 0
            return [_Part("median", median, median), _Part("nine of ten", most, most - median)]
        case Measure.COUNTS:
            mean = numbers["mean"] or 0
            return [_Part("mean", mean, mean)]
        case Measure.RECURRING if question.by in GROUPS:
            return [_Part("cases", group.subjects, group.subjects)]
    return [_Part(word, value, value) for word, value in numbers.items() if value and word != "kept_share"]


def _bar(question: Question, group: Group, parts: Sequence[_Part], scale: float, places: Places) -> Bar:
    by_outcome = question.figure.measure is Measure.OUTCOMES
    x, segments = 0.0, []
    for part in parts:
        link = places.of(group.name, part.word if by_outcome and question.by != "outcome" else None)
        segments.append(Segment(part.word, part.value, round(x, 1), round(part.length * scale, 1), link))
        x += part.length * scale
    return Bar(label(question, group), group, segments, places.of(group.name))


def _place(word: str) -> int:
    return ORDER.index(word) if word in ORDER else len(ORDER)
