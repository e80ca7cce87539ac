"""What expressions can ask a calendar, an object in data or one that never closes."""

from typing import Any

import pytest

from state_machines.decision import Event
from state_machines.errors import ExpressionError
from state_machines.expressions import compile_expression
from state_machines.expressions.view import View
from state_machines.subject import Subject
from state_machines.values.instants import parse_instant

OFFICE: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "weekly": {"mon-fri": ["09:00-17:00"]},
    "holidays": {"country": "DE", "subdivision": "BY"},
    "closed": ["2026-12-24"],
}
SATURDAY = "2026-04-04T03:00:00+02:00"


def asked(text: str, hours: Any = OFFICE, at: str = SATURDAY) -> Any:
    data = {"hours": hours, "at": at}
    now = parse_instant(at)
    subject = Subject("loan:1", "loan", 1)
    event = Event("e-1", "/test", "loan.lend", "lend", now)
    return compile_expression(text, "let.x").evaluate_json(View(subject, event, {}, data, now))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("is_open(data.hours, now)", False),
        ("next_opening(data.hours, now)", "2026-04-07T07:00:00Z"),
        ("is_open(data.hours, next_opening(data.hours, now))", True),
        ("add_business_time(data.hours, now, 'PT1H')", "2026-04-07T08:00:00Z"),
        ("add_business_time(data.hours, now, 'P1D')", "2026-04-08T07:00:00Z"),
        ("add_business_time(data.hours, now, duration('9h'))", "2026-04-08T08:00:00Z"),
        (
            "subtract_business_time(data.hours, timestamp('2026-04-08T08:00:00Z'), 'P1D')",
            "2026-04-07T08:00:00Z",
        ),
        ("business_time(data.hours, now, timestamp('2026-04-08T08:00:00Z'))", "PT9H"),
        ("calendar_fault(data.hours)", ""),
    ],
)
def test_a_calendar_is_asked(text: str, found: Any) -> None:
    assert asked(text) == found


@pytest.mark.parametrize("always", ["always", None])
def test_round_the_clock_a_day_has_24_hours(always: Any) -> None:
    assert asked("is_open(data.hours, now)", always) is True
    assert asked("add_business_time(data.hours, now, 'P1D')", always) == "2026-04-05T01:00:00Z"
    assert asked("add_business_time(data.hours, now, duration('1h'))", always) == "2026-04-04T02:00:00Z"
    assert asked("subtract_business_time(data.hours, now, 'P1D')", always) == "2026-04-03T01:00:00Z"
    assert asked("business_time(data.hours, now, now + duration('3h'))", always) == "PT3H"


@pytest.mark.parametrize(
    ("hours", "fault"),
    [
        (
            {**OFFICE, "holidays": {"country": "DE", "subdivision": "XX"}},
            "holidays.subdivision: 'XX' is no known",
        ),
        ({**OFFICE, "zone": "Europe/Berln"}, "[unknown-zone]"),
        ({"weekly": {"mon": ["09:00-17:00"]}}, "zone: the calendar says no zone"),
        ({**OFFICE, "weekly": {"mon": ["25:00-26:00"]}}, "weekly.mon[0]: "),
        ("office", "is no calendar"),
    ],
)
def test_a_calendar_that_cannot_be_used_is_refused_by_field_and_rule(hours: Any, fault: str) -> None:
    assert fault in asked("calendar_fault(data.hours)", hours)
    with pytest.raises(ExpressionError):
        asked("is_open(data.hours, now)", hours)
