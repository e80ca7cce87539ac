"""Days and weeks by a calendar: like a calendar of paper, and the laws that hold for all of them."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from state_machines.calendars import Calendar, NeverOpen
from state_machines.calendars.offsets import offset_at
from state_machines.calendars.working_days import add_length, is_in_hours, subtract_length
from state_machines.timeouts import deadlines
from state_machines.values.durations import CalendarLength, parse_calendar_length
from state_machines.values.instants import parse_instant
from tests.short_run import examples
from tests.state_machines.minute_walk import MINUTE
from tests.state_machines.paper_calendar import Paper
from tests.state_machines.random_calendars import random_place

NOTHING = timedelta(0)
WEEKS = 7 * 1440 * 6
HOUR = timedelta(hours=1)
LENGTHS = st.builds(
    CalendarLength, st.integers(0, 2), st.integers(0, 8), st.timedeltas(NOTHING, timedelta(hours=40))
)


@pytest.mark.parametrize("batch", range(10))
def test_working_days_are_those_of_a_calendar_of_paper(batch: int) -> None:
    random = Random(26_070 + batch)
    in_sight = 0
    for _ in range(8):
        place = random_place(random)
        if place.source is None:
            continue
        first = place.first - timedelta(days=14)
        paper = Paper(place.source, place.zone, first, WEEKS)
        hours = Calendar.from_mapping(place.source).in_zone(place.zone)
        for _ in range(25):
            start = random.randint(12 * 1440, 24 * 1440)
            weeks, days = random.choice(((0, 1), (0, 2), (0, random.randint(1, 5)), (1, 0), (1, 1)))
            length = CalendarLength(weeks, days, NOTHING)
            at = first + start * MINUTE
            try:
                there, back = paper.add(start, weeks, days), paper.subtract(start, weeks, days)
            except (ValueError, StopIteration, IndexError):
                continue
            in_sight += 1
            assert add_length(hours, at, length) == first + there * MINUTE, (place, at, length)
            assert subtract_length(hours, at, length) == first + back * MINUTE, (place, at, length)
    assert in_sight > 100


@st.composite
def places(draw: st.DrawFn) -> tuple[datetime, Calendar]:
    place = random_place(Random(draw(st.integers(0, 2**32))))
    assume(place.source is not None and not place.source.get("open"))
    start = place.first + draw(st.timedeltas(NOTHING, timedelta(days=9)))
    return start, Calendar.from_mapping(place.source or {}).in_zone(place.zone)


@settings(deadline=None, max_examples=examples(300))
@given(places(), st.timedeltas(NOTHING, timedelta(days=9)), LENGTHS)
def test_who_starts_later_is_not_due_earlier(
    place: tuple[datetime, Calendar], later: timedelta, length: CalendarLength
) -> None:
    start, hours = place
    assume(_is_shown_once(hours, hours.next_open(start)))
    assume(_is_shown_once(hours, hours.next_open(start + later)))
    assert add_length(hours, start, length) <= add_length(hours, start + later, length)


@settings(deadline=None, max_examples=examples(300))
@given(places(), LENGTHS, LENGTHS)
def test_a_longer_length_of_the_same_kind_is_not_due_earlier(
    place: tuple[datetime, Calendar], one: CalendarLength, two: CalendarLength
) -> None:
    start, hours = place
    longer = CalendarLength(one.weeks + two.weeks, one.days + two.days, one.time + two.time)
    assume(one.weeks == longer.weeks or one.days == longer.days == 0)
    assert start <= add_length(hours, start, one) <= add_length(hours, start, longer)
    assert subtract_length(hours, start, longer) <= subtract_length(hours, start, one) <= start


@settings(deadline=None, max_examples=examples(300))
@given(places(), LENGTHS.filter(lambda length: length.has_days))
def test_what_is_due_lies_in_hours(place: tuple[datetime, Calendar], length: CalendarLength) -> None:
    start, hours = place
    assert is_in_hours(hours, add_length(hours, start, length))
    assert is_in_hours(hours, subtract_length(hours, start, length))


@settings(deadline=None, max_examples=examples(300))
@given(
    st.timedeltas(NOTHING, timedelta(days=3650)).map(lambda later: datetime(2020, 1, 1, tzinfo=UTC) + later),
    st.integers(0, 30),
    st.timedeltas(NOTHING, timedelta(hours=7)),
)
def test_backwards_undoes_forwards_where_all_days_have_the_same_hours(
    start: datetime, days: int, time: timedelta
) -> None:
    hours = Calendar.from_mapping({"zone": "Europe/Berlin", "weekly": {"mon-fri": ["09:00-17:00"]}})
    begun = hours.next_open(start)
    length = CalendarLength(0, days, time)
    due = add_length(hours, begun, length)
    assume(not (time and due != hours.next_open(due)))
    assert subtract_length(hours, due, length) == begun


@settings(deadline=None, max_examples=examples(200))
@given(
    places(),
    st.integers(1, 6),
    st.lists(
        st.tuples(st.timedeltas(NOTHING, timedelta(days=5)), st.timedeltas(NOTHING, timedelta(days=2))),
        max_size=3,
    ),
)
def test_only_open_time_in_a_pause_moves_a_deadline_of_days(
    place: tuple[datetime, Calendar], days: int, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    start, hours = place
    length = CalendarLength(0, days, NOTHING)
    plain = add_length(hours, start, length)
    budget = deadlines.elapsed(start, plain, (), hours)
    pauses = [(start + after, start + after + lasts) for after, lasts in gaps]
    due = deadlines.resumed(start, length, budget, pauses, hours)
    assert due is not None and due >= plain
    if not any(hours.business_time(max(begin, start), min(end, plain)) for begin, end in pauses):
        assert due == plain
    assert deadlines.elapsed(start, due, pauses, hours) == budget
    longer = deadlines.resumed(start, length, budget, [*pauses, (start, start + HOUR)], hours)
    assert longer is not None and longer >= due


@settings(deadline=None, max_examples=examples(100))
@given(
    places(),
    LENGTHS.filter(lambda one: one.whole > timedelta(minutes=5)),
    st.timedeltas(NOTHING, timedelta(days=60)),
)
def test_ticks_of_a_calendar_never_drift_and_lie_in_hours(
    place: tuple[datetime, Calendar], interval: CalendarLength, later: timedelta
) -> None:
    start, hours = place
    tick = deadlines.next_tick(start, interval, start + later, hours)
    assert tick > start + later
    number = deadlines.number_of_tick(start, interval, start + later, hours)
    assert tick == add_length(hours, start, interval.times(number))
    assert number == 1 or add_length(hours, start, interval.times(number - 1)) <= start + later
    assert is_in_hours(hours, tick)


def test_a_calendar_that_is_open_on_no_day_any_more_is_refused_and_a_century_is_reckoned() -> None:
    once = Calendar.from_mapping({"zone": "UTC", "weekly": {}, "open": {"2026-03-02": ["09:00-17:00"]}})
    with pytest.raises(NeverOpen):
        add_length(once, parse_instant("2026-03-02T10:00:00Z"), parse_calendar_length("P1D"))
    office = Calendar.from_mapping({"zone": "UTC", "weekly": {"mon": ["09:00-17:00"]}})
    start = parse_instant("2026-03-02T10:00:00Z")
    assert add_length(office, start, parse_calendar_length("P5000D")) == start + timedelta(weeks=5000)
    assert add_length(office, start, parse_calendar_length("P36525D")).year > 2700
    assert subtract_length(office, start, parse_calendar_length("P36525D")).year < 1330
    with pytest.raises(NeverOpen):
        add_length(office, start, parse_calendar_length("P999999D"))


def _is_shown_once(hours: Calendar, at: datetime) -> bool:
    """Where the clocks show a time of day twice, who starts later may start at an earlier time of day."""
    assert hours.zone is not None
    return all(offset_at(hours.zone, at + by) == offset_at(hours.zone, at) for by in (-3 * HOUR, 3 * HOUR))
