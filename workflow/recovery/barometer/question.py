"""What is asked of the barometer: which figure, grouped by what, over which time, of which subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, true

from workflow.recovery.barometer.figures import Figure
from workflow.store.schema import figures

GROUPS = ("team", "cause", "part", "channel", "kind", "outcome")
"""Columns by which subjects can be grouped and chosen."""
COLUMNS: Mapping[str, Any] = {name: figures.c[name] for name in GROUPS} | {"case": figures.c.case_key}


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        figure: which.
        since, until: counted are subjects whose instant lies in [since, until), UTC.
        by: a column of `GROUPS`, a unit of `periods.UNITS`, or ``all``.
        zone: whose days and months are meant.
        only: by name of a column, the value that is wanted; None: those that have none.
    """

    figure: Figure
    since: datetime
    until: datetime
    by: str
    zone: ZoneInfo
    only: Mapping[str, str | None] = field(default_factory=dict)

    def chosen(self, since: datetime | None = None, until: datetime | None = None) -> ColumnElement[bool]:
        """The condition for the subjects that are meant; over another time if one is given."""
        c = figures.c
        wanted = [
            c.lifecycle == self.figure.lifecycle,
            c.at >= (since or self.since),
            c.at < (until or self.until),
        ]
        if self.figure.kind is not None:
            wanted.append(c.kind == self.figure.kind)
        for name, value in self.only.items():
            column = COLUMNS[name]
            wanted.append(column.is_(None) if value is None else column == value)
        return and_(true(), *wanted)
