"""All rows of a log in the order in which they happened, and what that order hides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from workflow.replay.event_reader import PlannedRow


@dataclass(frozen=True, slots=True)
class Backwards:
    """A row that stands below another row of its subject in the file, and yet happened before it."""

    subject: str
    row: int
    at: datetime
    previous_row: int
    previous_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """What had to be decided to bring a log into the order of time.

    Attributes:
        jumps: how often the file goes back in time from one row to the next.
        backwards: rows that happened before the row of their own subject above them.
        shared_subjects, shared_rows: subjects with several rows of one instant, and these rows;
            among them the order of the file counts.
    """

    jumps: int = 0
    backwards: tuple[Backwards, ...] = ()
    shared_subjects: int = 0
    shared_rows: int = 0


def in_time_order(rows: Iterable[PlannedRow]) -> list[PlannedRow]:
    """By instant, then by row number: the same rows always give the same order."""
    return sorted(rows, key=lambda row: (row.at, row.row))


def describe_order(rows: Sequence[PlannedRow]) -> Order:
    """What the order of time does to `rows`, which stand in the order of the file."""
    jumps = sum(after.at < before.at for before, after in pairwise(rows))
    by_subject: dict[str, list[PlannedRow]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    backwards = tuple(
        Backwards(after.subject, after.row, after.at, before.row, before.at)
        for group in by_subject.values()
        for before, after in pairwise(group)
        if after.at < before.at
    )
    shared = [_sharing(group) for group in by_subject.values()]
    return Order(jumps, backwards, sum(count > 0 for count in shared), sum(shared))


def _sharing(group: Sequence[PlannedRow]) -> int:
    """How many of a subject's rows have an instant in common with another one."""
    counts: dict[datetime, int] = {}
    for row in group:
        counts[row.at] = counts.get(row.at, 0) + 1
    return sum(count for count in counts.values() if count > 1)
