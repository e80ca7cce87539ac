"""Questions to the barometer as they stand in a URL, and URLs for what is behind an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, field_validator

from state_machines.errors import Problem
from state_machines.values.instants import format_instant
from workflow.api.http.days import instant_of, zone_of
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import STORABLE, Moment
from workflow.errors import InvalidQuery
from workflow.recovery.barometer.figures import Figure
from workflow.recovery.barometer.periods import UNITS, Period, periods
from workflow.recovery.barometer.question import COLUMNS, Question

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]
Column = Literal["team", "cause", "part", "channel", "kind", "case", "outcome"]
By = Literal[
    "team", "cause", "part", "channel", "kind", "outcome", "day", "week", "month", "quarter", "year", "all"
]
_QUARTER = timedelta(days=90)


class BarometerQuery(BaseModel):
    """Which subjects, over which time, grouped how. An unknown parameter is refused."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        None,
        description="From this instant (RFC 3339) or day of the zone on; default: 90 days before `until`.",
    )
    until: Moment | None = Field(
        None, description="Up to this instant, or to the beginning of this day; default: now."
    )
    zone: str = Field("UTC", max_length=64, description="Whose days and months: an IANA time zone.")
    by: By | None = Field(None, description="How to group; default: as the figure is usually read.")
    team: Text | None = None
    cause: Text | None = None
    part: Text | None = None
    channel: Text | None = None
    kind: Text | None = None
    outcome: Text | None = None
    case: Text | None = Field(None, description="Only subjects of the case with this key.")
    without: list[Column] = Field(
        default_factory=list, max_length=7, description="Only subjects that have no such team, cause, ..."
    )

    @field_validator("by", mode="before")
    @classmethod
    def _as_usual(cls, by: object) -> object:
        """A form sends a choice that was left open as an empty text."""
        return by or None


class SubjectsQuery(BarometerQuery, Paging):
    """The same, page by page."""


def question_of(figure: Figure, wanted: BarometerQuery, now: datetime) -> Question:
    """The question. Raises InvalidQuery for times and zones that are none."""
    where = zone_of(wanted.zone)
    until = instant_of("until", wanted.until, where) or now
    since = instant_of("since", wanted.since, where) or until - _QUARTER
    if since >= until:
        raise InvalidQuery([Problem("query.since", "order", "must lie before `until`")])
    only: dict[str, str | None] = {
        name: value for name in COLUMNS if (value := getattr(wanted, name)) is not None
    }
    return Question(figure, since, until, wanted.by or figure.by, where, only | dict.fromkeys(wanted.without))


@lru_cache(256)
def _over(since: datetime, until: datetime) -> str:
    """A page has hundreds of links over the same time."""
    return urlencode([("since", format_instant(since)), ("until", format_instant(until))])


class Links:
    """Where the subjects behind an answer are listed.

    Args:
        base: the resource under which figures lie, such as ``/v1/barometer``.
    """

    def __init__(self, base: str, question: Question) -> None:
        self._path = f"{base}/{question.figure.name}/subjects"
        self._question = question
        self._periods: dict[str, Period] = {}
        if question.by in UNITS:
            found = periods(question.by, question.since, question.until, question.zone)
            self._periods = {one.label: one for one in found}

    def everything(self, outcome: str | None = None) -> str:
        """Of all groups; `outcome` chooses among them."""
        return self._link(self._question.since, self._question.until, {}, outcome)

    def of(self, group: str | None, outcome: str | None = None) -> str:
        """Of one group."""
        question = self._question
        if question.by in UNITS:
            period = self._periods[group or ""]
            return self._link(period.start, period.end, {}, outcome)
        chosen = {} if question.by == "all" else {question.by: group}
        return self._link(question.since, question.until, chosen, outcome)

    def _link(
        self, since: datetime, until: datetime, chosen: dict[str, str | None], outcome: str | None
    ) -> str:
        only = {**self._question.only, **chosen} | ({"outcome": outcome} if outcome else {})
        said = [("without", name) if value is None else (name, value) for name, value in only.items()]
        return "&".join((f"{self._path}?{_over(since, until)}", *([urlencode(said)] if said else ())))
