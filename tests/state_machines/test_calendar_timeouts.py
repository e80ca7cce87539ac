"""Timeouts in a calendar: what a day is in which edition, hours by an expression, and what check says."""

from __future__ import annotations

from typing import Any

import pytest

from state_machines.check import check, hours_by_the_day
from state_machines.decide import decide
from state_machines.decision import Event
from state_machines.definitions.lifecycle import load
from state_machines.errors import DecisionError, DefinitionError, Problem
from state_machines.subject import Subject, Timer
from state_machines.values.instants import format_instant, parse_instant

OFFICE: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "weekly": {"mon-fri": ["09:00-17:00"]},
    "holidays": {"country": "DE"},
}
TEXT = """\
edition: EDITION
lifecycle: loan
version: 1
calendars: {office: {zone: Europe/Berlin, weekly: {mon-fri: ["09:00-17:00"]}, holidays: {country: DE}}}
data: {hours: any, within: duration, due_at: instant}
triggers: {lend: {data: {hours: , within: , due_at: }}}
states: [lent]
timeouts: {it: {in: lent, TIMEOUT, on_timeout: fire}}
transitions:
  - {trigger: lend, source: initial, dest: lent, change: {copy: [hours, within, due_at]}}
  - {trigger: fire, source: lent}
"""


def text_of(timeout: str, edition: int = 3) -> str:
    return TEXT.replace("EDITION", str(edition)).replace("TIMEOUT", timeout)


def timer_of(timeout: str, edition: int = 3, at: str = "2026-04-02T10:00:00+02:00", **data: Any) -> Timer:
    now = parse_instant(at)
    event = Event("lend", "e-1", "/tests", now, data)
    (timer,) = decide(load(text_of(timeout, edition)), Subject("loan:1", "loan", 1), event, now).timers_set
    return timer


def literals(timeout: str) -> list[Problem]:
    return [one for one in check(text_of(timeout)) if one.rule == "literal"]


def due(timeout: str, edition: int = 3, **data: Any) -> str | None:
    due_at = timer_of(timeout, edition, **data).due_at
    return None if due_at is None else format_instant(due_at)


@pytest.mark.parametrize(
    ("edition", "timeout", "found"),
    [
        (3, "after: P5D, calendar: office", "2026-04-13T08:00:00Z"),
        (2, "after: P5D, calendar: office", "2026-04-27T08:00:00Z"),  # 120 hours, fifteen days of eight
        (3, "after: P1W, calendar: office", "2026-04-09T08:00:00Z"),
        (3, "after: P5D", "2026-04-07T08:00:00Z"),
        (2, "after: P5D", "2026-04-07T08:00:00Z"),
        (3, "after: PT16H, calendar: office", "2026-04-08T08:00:00Z"),
        (2, "after: PT16H, calendar: office", "2026-04-08T08:00:00Z"),
        (3, "every: P1D, calendar: office", "2026-04-07T08:00:00Z"),
        (2, "every: PT8H, calendar: office", "2026-04-07T08:00:00Z"),
    ],
)
def test_a_day_in_a_calendar_is_a_working_day_from_the_third_edition_on(
    edition: int, timeout: str, found: str
) -> None:
    assert due(timeout, edition) == found


@pytest.mark.parametrize(("edition", "found"), [(3, "2026-04-02T08:00:00Z"), (2, "2026-03-25T11:00:00Z")])
def test_so_it_is_backwards(edition: int, found: str) -> None:
    timeout = "before: data.due_at, lead: P2D, calendar: office"
    assert (
        due(timeout, edition, due_at="2026-04-08T08:00:00Z" if edition == 3 else "2026-04-02T10:00:00Z")
        == found
    )


def test_a_length_that_is_handed_on_has_days_and_one_that_is_computed_is_business_time() -> None:
    assert due("after: data.within, calendar: office", within="P2D") == "2026-04-08T08:00:00Z"
    assert due("after: 'data.?within.orValue(\"P2D\")', calendar: office") == "2026-04-08T08:00:00Z"
    assert due("after: duration('16h'), calendar: office") == "2026-04-08T08:00:00Z"
    assert (
        due("after: data.within + duration('0s'), calendar: office", within="PT16H") == "2026-04-08T08:00:00Z"
    )
    assert due("after: data.within, calendar: office", 2, within="P1D") == "2026-04-09T08:00:00Z"


def test_hours_can_stand_in_the_data() -> None:
    timeout = "after: P1D, calendar: =data.?hours.orValue(null)"
    assert due(timeout, hours=OFFICE) == "2026-04-07T08:00:00Z"
    assert due(timeout, hours="always") == "2026-04-03T08:00:00Z"
    assert due(timeout) == "2026-04-03T08:00:00Z"
    with pytest.raises(DecisionError, match=r"timeouts.it.calendar.*zone"):
        due(timeout, hours={"weekly": OFFICE["weekly"]})
    with pytest.raises(DefinitionError, match="third edition"):
        due(timeout, 2)


def test_of_days_a_timer_keeps_its_budget_as_business_time() -> None:
    timer = timer_of("after: P5D, calendar: office, paused_in: lent")
    assert (timer.due_at, timer.budget and timer.budget.total_seconds() / 3600) == (None, 40)
    early = timer_of("after: P5D, calendar: office, paused_in: lent", 2)
    assert early.budget and early.budget.total_seconds() / 3600 == 120


@pytest.mark.parametrize(
    ("edition", "timeout", "said"),
    [
        (2, "after: P5D, calendar: office", "P5D in a calendar is 120 hours of business time"),
        (2, "every: 'data.?within.orValue(\"P1W\")', calendar: office", "Write PT168H to keep the hours"),
        (2, "before: data.due_at, lead: P1DT4H, calendar: office", "Write PT28H to keep the hours"),
    ],
)
def test_check_says_where_days_would_become_working_days(edition: int, timeout: str, said: str) -> None:
    ((line, message),) = hours_by_the_day(text_of(timeout, edition))
    assert line == 8 and said in message


@pytest.mark.parametrize(
    ("edition", "timeout"),
    [(3, "after: P5D, calendar: office"), (2, "after: P5D"), (2, "after: PT120H, calendar: office")],
)
def test_and_nothing_where_none_would(edition: int, timeout: str) -> None:
    assert list(hours_by_the_day(text_of(timeout, edition))) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("duration('P7D')", "write iso_duration('P7D')"),
        ("duration('a week')", "iso_duration() reads ISO 8601"),
        ("iso_duration('168h')", "is written PT168H"),
        ("iso_duration('P1M')", "months, which have no fixed length"),
    ],
)
def test_a_text_that_is_no_length_is_refused_before_it_is_decided(expression: str, said: str) -> None:
    (problem,) = literals(f'after: "{expression}"')
    assert (problem.field, problem.rule, problem.line) == ("timeouts.it.after", "literal", 8)
    assert said in problem.message


def test_so_is_one_that_is_no_instant() -> None:
    (problem,) = literals("at: timestamp('2026-04-02 10:00')")
    assert "has no time zone" in problem.message
    for sound in (
        "timestamp('2026-04-02T10:00:00+02:00')",
        "now + duration('1h30m')",
        "now + iso_duration('P7D')",
    ):
        assert literals(f'at: "{sound}"') == []
