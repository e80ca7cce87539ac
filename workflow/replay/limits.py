"""How far the clock of a replay goes: one slip of the pen in a log must not drive it for a century."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from state_machines.errors import Problem
from state_machines.values.durations import parse_duration
from state_machines.values.instants import format_instant, parse_instant, shifted
from state_machines.values.time_errors import TimeError
from workflow.replay.event_reader import CLOCK_ENDS, PlannedRow
from workflow.replay.refusal import ReplayRefused

FEWEST = 10
"""Of fewer rows nobody can say which lie far from the others."""

YEAR = timedelta(days=366)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """What was asked for.

    Attributes:
        until: an RFC 3339 instant, or an ISO 8601 duration after the last event; None is that event.
        keep_outliers: whether rows far from all others are applied all the same.
    """

    until: str | None = None
    keep_outliers: bool = False

    def instant(self) -> datetime | None:
        """The instant that `until` names; None where it is a duration, or is not given.

        Raises:
            ReplayRefused: it is neither an instant nor a duration.
        """
        if self.until is None:
            return None
        try:
            if self._is_duration():
                parse_duration(self.until)
                return None
            return parse_instant(self.until)
        except TimeError as error:
            raise ReplayRefused([Problem("--until", error.rule, error.message)]) from None

    def end(self, last: datetime) -> datetime:
        """Where the clock stops when the last event is at `last`. Raises ReplayRefused."""
        found = self.instant()
        if found is None and self.until is not None:
            try:
                found = shifted(last, parse_duration(self.until))
            except TimeError as error:
                raise ReplayRefused([Problem("--until", error.rule, error.message)]) from None
        if found is not None and found >= CLOCK_ENDS:
            message = f"{format_instant(found)} is later than the clock goes"
            raise ReplayRefused([Problem("--until", "instant-range", message)])
        return last if found is None else max(found, last)

    def _is_duration(self) -> bool:
        return self.until is not None and self.until.startswith(("P", "-P"))


@dataclass(slots=True)
class Cut:
    """Rows by whether the clock goes there: `kept` in order of time, and the others."""

    kept: list[PlannedRow] = field(default_factory=list)
    after_until: list[PlannedRow] = field(default_factory=list)
    outliers: list[PlannedRow] = field(default_factory=list)


def cut(rows: Sequence[PlannedRow], limits: Limits) -> Cut:
    """Divide rows that stand in order of time.

    A row is an outlier where it lies further from the middle 98 % of all rows than these are long, and a
    year at least. Who names an instant as `until` says that the clock may go there.
    """
    until = limits.instant()
    first, last = (_EARLIEST, _LATEST) if limits.keep_outliers else _bulk(rows)
    found = Cut()
    for row in rows:
        if until is not None and row.at > until:
            found.after_until.append(row)
        elif row.at < first or (until is None and row.at > last):
            found.outliers.append(row)
        else:
            found.kept.append(row)
    return found


def _bulk(rows: Sequence[PlannedRow]) -> tuple[datetime, datetime]:
    """Between which instants a row is no outlier."""
    if len(rows) < FEWEST:
        return _EARLIEST, _LATEST
    aside = max(1, len(rows) // 100)
    first, last = rows[aside].at, rows[-1 - aside].at
    reach = max(last - first, YEAR)
    return (
        _EARLIEST if first - _EARLIEST < reach else first - reach,
        _LATEST if _LATEST - last < reach else last + reach,
    )
