"""Business time over many years: what a walk gives, without the walk; and the end of the year 9999."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.calendars import Calendar, NeverOpen
from state_machines.calendars.calendar import EXACT_YEARS
from state_machines.timeouts import deadlines
from tests.short_run import examples

WEEK = {day: ["09:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
HOURS = Calendar.from_mapping(
    {"zone": "Europe/Berlin", "weekly": WEEK, "holidays": [{"country": "DE", "subdivision": "BE"}]}
)
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
FEW_DAYS = 400 * 366
"""That are looked at, most of them once in a process; a walk to the year 9999 looks at 2.9 million."""


def walked(hours: Calendar, begin: datetime, end: datetime) -> timedelta:
    """The open time, piece by piece."""
    return sum((closes - opens for opens, closes in hours.spans(begin, end)), timedelta(0))


seconds = st.integers(-6 * 366 * 86_400, 6 * 366 * 86_400)
instants = seconds.map(lambda one: NOW + timedelta(seconds=one))


@settings(max_examples=examples(60), deadline=None)
@given(instants, instants)
def test_whole_years_add_up_to_what_a_walk_gives(one: datetime, other: datetime) -> None:
    begin, end = sorted((one, other))
    amount = HOURS.business_time(begin, end)
    assert amount == walked(HOURS, begin, end)
    if amount:
        due = HOURS.add(begin, amount)
        assert walked(HOURS, begin, due) == amount, "all of it has passed by then"
        assert walked(HOURS, begin, due - timedelta(microseconds=1)) < amount, "and not before"
        since = HOURS.subtract(end, amount)
        assert walked(HOURS, since, end) == amount
        assert walked(HOURS, since + timedelta(microseconds=1), end) < amount


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The days whose open time was found out."""
    found: list[int] = []
    one_day = Calendar._open_in

    def counted(self: Calendar, ordinal: int) -> Iterator[Any]:
        found.append(ordinal)
        assert len(found) <= FEW_DAYS, "it walks on and on"
        return one_day(self, ordinal)

    monkeypatch.setattr(Calendar, "_open_in", counted)
    return found


def _fresh() -> Calendar:
    return Calendar.from_mapping({"zone": "Europe/Berlin", "weekly": WEEK})


def test_a_share_of_the_way_to_the_end_of_time_is_found_soon(looked_at: list[int]) -> None:
    hours = _fresh()
    due = deadlines.share(NOW, NEVER, 0.75, hours)
    plain = NOW + (NEVER - NOW) * 0.75
    assert abs(due - plain) < timedelta(days=366)
    budget = hours.business_time(NOW, due)
    assert abs(hours.add(NOW, budget) - due) < timedelta(seconds=1), "as a timer that can pause needs it"
    first = len(looked_at)
    assert deadlines.share(NOW, NEVER, 0.75, hours) == due
    assert len(looked_at) - first < 2_000, "the second time the years are known"


def test_far_back_is_found_as_soon(looked_at: list[int]) -> None:
    hours = _fresh()
    amount = hours.business_time(NOW, NEVER) / 2
    assert NOW < hours.subtract(NEVER, amount) < NEVER
    with pytest.raises(NeverOpen):
        hours.add(NOW, timedelta(days=900_000))
    with pytest.raises(NeverOpen):
        hours.subtract(NOW, timedelta(days=900_000))


def test_an_hour_a_week_ends_too(looked_at: list[int]) -> None:
    rare = Calendar.from_mapping({"zone": "UTC", "weekly": {"mon": ["09:00-10:00"]}})
    far = rare.add(NOW, timedelta(days=1_000))
    assert rare.business_time(NOW, far) == pytest.approx(timedelta(days=1_000), abs=timedelta(minutes=1))
    with pytest.raises(NeverOpen):
        rare.add(NOW, timedelta(days=36_500))


def test_a_hundred_years_are_exact() -> None:
    hours = _fresh()
    end = NOW + timedelta(days=365 * EXACT_YEARS)
    amount = hours.business_time(NOW, end)
    assert amount == walked(hours, NOW, end)
    assert walked(hours, NOW, hours.add(NOW, amount)) == amount


def test_a_year_that_is_closed_is_passed_over_and_four_are_never_open() -> None:
    def closed(years: int) -> Calendar:
        days = [date(2028, 1, 1) + timedelta(days=n) for n in range(366 * years)]
        return Calendar.from_mapping({"zone": "UTC", "weekly": WEEK, "closed": days})

    amount = timedelta(days=600)
    due = closed(2).add(NOW, amount)
    assert walked(closed(2), NOW, due) == amount
    with pytest.raises(NeverOpen) as error:
        closed(5).add(NOW, amount)
    assert "2027-12-31" in error.value.message
    assert walked(closed(2), closed(2).subtract(due, amount), due) == amount


@pytest.mark.parametrize("pauses", [[], [(NOW + timedelta(days=1), NOW + timedelta(days=400))]])
def test_an_explanation_tells_ten_years_and_the_deadline(looked_at: list[int], pauses: list[Any]) -> None:
    hours = _fresh()
    budget = hours.business_time(NOW, NEVER) / 2
    lines = deadlines.explain(NOW, budget, pauses, hours)
    due = deadlines.deadline(NOW, budget, pauses, hours)
    assert due is not None
    assert str(due.year) in lines[-1]
    assert any("not told day by day" in line for line in lines)
    assert len(lines) < 80
