"""Calendars: business hours in a zone, read from YAML, with every mistake in them named."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.calendars import Calendar, CalendarError, NeverOpen
from state_machines.values.instants import UnknownZone, format_instant, parse_instant, zone
from tests.state_machines.minute_walk import MINUTE, instant, open_minutes
from tests.state_machines.random_calendars import random_place

HOUR = timedelta(hours=1)
OFFICE = """
zone: Europe/Berlin
weekly:
  mon-fri: ["09:00-12:00", "13:00-17:30"]
  sat: ["10:00-14:00"]
holidays: {country: DE, subdivision: BE}
closed: [2026-12-24, 2026-12-31]
open:
  2026-12-20: ["10:00-13:00"]
  2026-12-25: ["08:00-09:00"]
  2026-12-31: ["09:00-10:00"]
"""


def office(**changes: Any) -> Calendar:
    return Calendar.from_mapping(yaml.safe_load(OFFICE) | changes)


def opened_between(calendar: Calendar, begin: str, end: str) -> list[str]:
    """The open intervals in local wall time, for reading."""
    where = calendar.zone or UTC
    return [
        f"{opens.astimezone(where):%d %H:%M}-{closes.astimezone(where):%d %H:%M}"
        for opens, closes in calendar.intervals(parse_instant(begin), parse_instant(end))
    ]


def test_a_week_with_several_blocks_a_day() -> None:
    assert opened_between(office(), "2026-06-26T10:30:00Z", "2026-06-29T10:30:00Z") == [
        "26 13:00-26 17:30",
        "27 10:00-27 14:00",
        "29 09:00-29 12:00",
    ]


def test_open_overrides_closed_and_holidays_and_both_override_the_week() -> None:
    assert opened_between(office(), "2026-12-19T00:00:00Z", "2027-01-02T00:00:00Z") == [
        "19 10:00-19 14:00",
        "20 10:00-20 13:00",  # a Sunday, open by exception
        *[f"{day} {hours}" for day in (21, 22, 23) for hours in (f"09:00-{day} 12:00", f"13:00-{day} 17:30")],
        "25 08:00-25 09:00",  # a holiday, open by exception
        *[f"{day} {hours}" for day in (28, 29, 30) for hours in (f"09:00-{day} 12:00", f"13:00-{day} 17:30")],
        "31 09:00-31 10:00",  # closed, and open by exception: open wins
    ]


def test_a_plan_says_why_a_day_is_out_of_the_ordinary() -> None:
    assert office().plan(date(2026, 12, 24)).exception == "closed by exception"
    assert office().plan(date(2026, 12, 25)).exception == "open by exception"
    assert (office().plan(date(2026, 12, 26)).exception or "").startswith("holiday: ")
    assert "Women's Day" in (office().plan(date(2026, 3, 8)).exception or "")  # in Berlin alone
    assert office(holidays={"country": "DE"}).plan(date(2026, 3, 8)).exception is None


def test_a_block_over_midnight_belongs_to_the_day_it_starts_on() -> None:
    night = Calendar.from_mapping(
        {"zone": "UTC", "weekly": {"mon-fri": ["22:00-06:00"]}, "closed": ["2026-06-25"]}
    )
    assert opened_between(night, "2026-06-23T12:00:00Z", "2026-06-29T23:00:00Z") == [
        "23 22:00-24 06:00",
        "24 22:00-25 06:00",  # runs to its end on a closed day, and that day's own block never starts
        "26 22:00-27 06:00",  # Friday's, on Saturday
        "29 22:00-29 23:00",
    ]


def test_blocks_up_to_and_from_midnight_are_one_interval() -> None:
    calendar = Calendar.from_mapping({"zone": "UTC", "weekly": {"mon": "18:00-24:00", "tue": "00:00-02:00"}})
    assert opened_between(calendar, "2026-06-22T00:00:00Z", "2026-06-25T00:00:00Z") == ["22 18:00-23 02:00"]


def test_a_calendar_that_never_closes_is_handed_out_in_parts_of_a_year() -> None:
    always = Calendar.from_mapping({"zone": "Europe/Berlin", "weekly": {"mon-sun": ["00:00-24:00"]}})
    begin = parse_instant("2026-01-01T00:00:00Z")
    opens, closes = next(always.intervals(begin))
    assert opens == begin and timedelta(days=365) < closes - opens <= timedelta(days=366)
    assert list(always.intervals(begin, begin + 50 * HOUR)) == [(begin, begin + 50 * HOUR)]


@pytest.mark.parametrize(
    ("name", "day", "block", "lasts"),
    [
        ("Europe/Berlin", "2026-03-29", "01:00-05:00", 180),  # forward
        ("Europe/Berlin", "2026-10-25", "01:00-05:00", 300),  # back
        ("Europe/Berlin", "2026-03-29", "02:00-03:00", 0),  # skipped
        ("Europe/Berlin", "2026-03-29", "02:30-03:30", 30),
        ("Europe/Berlin", "2026-10-25", "02:00-03:00", 120),  # twice
        ("Europe/Berlin", "2026-10-25", "02:15-02:45", 60),
        ("Australia/Lord_Howe", "2026-10-04", "00:00-24:00", 23.5 * 60),
        ("Australia/Lord_Howe", "2026-04-05", "00:00-24:00", 24.5 * 60),
        ("America/Sao_Paulo", "2018-11-04", "00:00-02:00", 60),
        ("Asia/Kolkata", "2026-03-29", "01:00-05:00", 240),
        ("Pacific/Apia", "2011-12-30", "00:00-24:00", 0),
    ],
)
def test_a_block_lasts_as_long_as_it_lasts(name: str, day: str, block: str, lasts: float) -> None:
    calendar = Calendar.from_mapping({"zone": name, "open": {day: [block]}})
    noon = parse_instant(f"{day}T12:00:00Z")
    assert calendar.business_time(noon - 48 * HOUR, noon + 48 * HOUR) == timedelta(minutes=lasts)


def test_what_the_clocks_show_twice_is_open_twice() -> None:
    calendar = Calendar.from_mapping({"zone": "Europe/Berlin", "open": {"2026-10-25": ["02:15-02:45"]}})
    opened = list(
        calendar.intervals(parse_instant("2026-10-24T00:00:00Z"), parse_instant("2026-10-26T00:00:00Z"))
    )
    assert [format_instant(edge) for span in opened for edge in span] == [
        "2026-10-25T00:15:00Z",
        "2026-10-25T00:45:00Z",
        "2026-10-25T01:15:00Z",
        "2026-10-25T01:45:00Z",
    ]


def test_the_end_of_a_block_is_closed_and_its_start_is_open() -> None:
    noon = parse_instant("2026-06-26T10:00:00Z")  # 12:00 in Berlin
    assert not office().is_open(noon)
    assert office().is_open(noon - timedelta(microseconds=1))
    assert office().next_open(noon) == noon + HOUR
    assert office().is_open(noon + HOUR)
    assert office().next_open(noon + 2 * HOUR) == noon + 2 * HOUR


def test_business_time_goes_forth_and_back() -> None:
    friday = parse_instant("2026-06-26T15:00:00Z")  # 17:00 in Berlin
    assert office().add(friday, HOUR / 2) == friday + HOUR / 2  # the block's end, not Saturday 10:00
    assert office().add(friday, HOUR) == parse_instant("2026-06-27T08:30:00Z")
    assert office().subtract(parse_instant("2026-06-27T08:30:00Z"), HOUR / 2) == parse_instant(
        "2026-06-27T08:00:00Z"
    )
    assert office().subtract(parse_instant("2026-06-27T08:30:00Z"), HOUR) == friday
    assert office().add(friday, timedelta(0)) == office().subtract(friday, timedelta(0)) == friday


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 4 * 1440 - 1), min_size=20, max_size=20))
def test_each_minute_is_open_as_the_wall_clock_says(seed: int, minutes: list[int]) -> None:
    place = random_place(Random(seed))
    if place.source is None:
        return
    calendar = Calendar.from_mapping(place.source).in_zone(place.zone)
    opened = open_minutes(place.source, place.zone, place.first, 8 * 1440)
    for minute in minutes:
        at = instant(place.first, minute)
        assert calendar.is_open(at) == bool(opened[minute])
        found = opened.find(1, minute)
        if found >= 0:
            assert calendar.next_open(at) == instant(place.first, found)
    spans = list(calendar.intervals(place.first, place.first + 8 * 1440 * MINUTE))
    assert all(a < b for a, b in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_a_zone_may_come_later_and_replace_the_calendars_own() -> None:
    nowhere = Calendar.from_mapping({"weekly": {"mon-sun": "09:00-17:00"}})
    noon = parse_instant("2026-06-26T12:00:00Z")
    with pytest.raises(CalendarError, match=r"^zone: .*no zone"):
        nowhere.is_open(noon)
    assert nowhere.in_zone("Europe/London").is_open(noon)
    assert not nowhere.in_zone("Europe/London").in_zone("Asia/Tokyo").is_open(noon)
    assert nowhere.in_zone("Asia/Tokyo") is nowhere.in_zone("Asia/Tokyo")
    assert nowhere.in_zone(zone("Asia/Tokyo")) == nowhere.in_zone("Asia/Tokyo")
    with pytest.raises(UnknownZone):
        nowhere.in_zone("Europe/Atlantis")


def test_a_calendar_that_stays_closed_says_so_instead_of_searching_for_ever() -> None:
    once = Calendar.from_mapping({"zone": "UTC", "open": {"2026-06-26": ["09:00-10:00"]}})
    end = parse_instant("2026-06-26T10:00:00Z")
    assert once.add(end - 2 * HOUR, HOUR) == end
    with pytest.raises(NeverOpen, match="four years after 2026-06-26"):
        once.next_open(end)
    with pytest.raises(NeverOpen, match="four years after 2026-06-26"):
        once.add(end - HOUR, 2 * HOUR)
    with pytest.raises(NeverOpen, match="four years before 2026-06-26"):
        once.subtract(end, 2 * HOUR)
    assert once.business_time(end, end + timedelta(days=9000)) == timedelta(0)


def test_the_ends_of_time_are_errors_of_ours() -> None:
    for at in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(NeverOpen):
            office().next_open(at)
    with pytest.raises(NeverOpen):
        office().add(parse_instant("9999-12-01T00:00:00Z"), 1000 * HOUR)


def test_a_budget_of_minutes_looks_at_no_more_than_its_days() -> None:
    calendar = office()
    calendar.add(parse_instant("2026-06-26T08:00:00Z"), timedelta(minutes=20))
    assert len(calendar._days) == 1


def test_what_a_calendar_remembers_is_bounded() -> None:
    calendar = office()
    begin = parse_instant("2020-01-01T00:00:00Z")
    at_once = calendar.business_time(begin, begin + timedelta(days=2000))
    assert len(calendar._days) <= 800
    halves = [
        calendar.business_time(begin + timedelta(days=d), begin + timedelta(days=d + 1000)) for d in (0, 1000)
    ]
    assert at_once == sum(halves, timedelta(0))


def test_two_calendars_of_one_source_are_equal() -> None:
    used = office()
    used.next_open(parse_instant("2026-06-26T08:00:00Z"))
    assert used == office() and hash(used) == hash(office())
    assert used != office(closed=[])


@pytest.mark.parametrize(
    ("weekly", "days"),
    [
        ({"fri-mon": "09:00-10:00"}, {0, 4, 5, 6}),
        ({"tue,thu": "09:00-10:00"}, {1, 3}),
        ({"Monday - Wednesday": "9:00-10:00"}, {0, 1, 2}),
        ({"mon": "09:00-10:00", "tue": []}, {0}),
        ({"sun-sun": ["09:00-10:00"]}, {6}),
    ],
)
def test_reads_weekdays(weekly: dict[str, Any], days: set[int]) -> None:
    blocks = Calendar.from_mapping({"weekly": weekly}).weekly
    assert {day for day in range(7) if blocks[day]} == days


@pytest.mark.parametrize(
    ("source", "field", "rule"),
    [
        ({"weekly": {"mon": ["9-12"]}}, "weekly.mon[0]", "block-form"),
        ({"weekly": {"mon": ["09:00-12:00", "13:00-25:00"]}}, "weekly.mon[1]", "block-form"),
        ({"weekly": {"mon": ["09:60-12:00"]}}, "weekly.mon[0]", "block-form"),
        ({"weekly": {"mon": ["24:00-12:00"]}}, "weekly.mon[0]", "block-form"),
        ({"weekly": {"mon": [540]}}, "weekly.mon[0]", "block-form"),
        ({"weekly": {"mon": ["09:00-09:00"]}}, "weekly.mon[0]", "block-length"),
        ({"weekly": {"mon": 540}}, "weekly.mon", "blocks-form"),
        ({"weekly": {"mon-fri": ["09:00-12:00", "11:00-13:00"]}}, "weekly.mon-fri", "blocks-overlap"),
        ({"weekly": {"mon": ["22:00-06:00"], "tue": ["05:59-09:00"]}}, "weekly.mon", "blocks-overlap"),
        ({"weekly": {"sun": ["22:00-06:00"], "mon": ["05:00-09:00"]}}, "weekly.sun", "blocks-overlap"),
        ({"weekly": {"mon": ["22:00-23:00", "20:00-02:00"]}}, "weekly.mon", "blocks-overlap"),
        ({"weekly": {"moon": ["09:00-12:00"]}}, "weekly.moon", "unknown-weekday"),
        ({"weekly": {"mon-": ["09:00-12:00"]}}, "weekly.mon-", "unknown-weekday"),
        ({"weekly": {1: ["09:00-12:00"]}}, "weekly.1", "unknown-weekday"),
        ({"weekly": {"mon-wed": "09:00-12:00", "tue": "13:00-14:00"}}, "weekly.tue", "weekday-twice"),
        ({"weekly": ["09:00-12:00"]}, "weekly", "mapping-form"),
        ({"weekly": {}}, "weekly", "never-open"),
        ({"weekly": {"mon": []}, "open": {"2026-12-19": []}}, "weekly", "never-open"),
        ({"zone": "Europe/Berlim"}, "zone", "unknown-zone"),
        ({"zone": 2}, "zone", "unknown-zone"),
        ({"holidays": {"country": "XX"}}, "holidays.country", "unknown-country"),
        ({"holidays": {"country": "de"}}, "holidays.country", "unknown-country"),
        ({"holidays": {}}, "holidays.country", "unknown-country"),
        ({"holidays": {"country": "DE", "subdivision": "XX"}}, "holidays.subdivision", "unknown-subdivision"),
        ({"holidays": [{"country": "DE"}, {"country": 5}]}, "holidays[1].country", "unknown-country"),
        ({"holidays": {"country": "DE", "state": "BE"}}, "holidays.state", "unknown-field"),
        ({"holidays": "DE"}, "holidays", "mapping-form"),
        ({"closed": "2026-12-24"}, "closed", "dates-form"),
        ({"closed": ["2026-12-24", "2026-02-30"]}, "closed[1]", "date-form"),
        ({"closed": ["24.12.2026"]}, "closed[0]", "date-form"),
        ({"closed": [datetime(2026, 12, 24, 9, tzinfo=UTC)]}, "closed[0]", "date-form"),
        ({"open": {"2026-12-19": ["10:00"]}}, "open.2026-12-19[0]", "block-form"),
        ({"open": {"19 Dec": ["10:00-13:00"]}}, "open.19 Dec", "date-form"),
        ({"open": {"2026-12-19": [], date(2026, 12, 19): []}}, "open.2026-12-19", "date-twice"),
        ({"hours": {}}, "hours", "unknown-field"),
        (["mon-fri"], "", "mapping-form"),
    ],
)
def test_mistakes_are_named_by_field_and_rule(source: Any, field: str, rule: str) -> None:
    if isinstance(source, dict) and "weekly" not in source:
        source = {"weekly": {"mon-fri": ["09:00-17:00"]}} | source
    with pytest.raises(CalendarError) as caught:
        Calendar.from_mapping(source)
    assert (caught.value.field, caught.value.rule) == (field, rule)
    assert str(caught.value).startswith(field)


def test_a_country_that_yaml_reads_as_false_gets_a_hint() -> None:
    with pytest.raises(CalendarError, match="quote it"):
        Calendar.from_mapping(yaml.safe_load("weekly: {mon: ['09:00-12:00']}\nholidays: {country: NO}"))
