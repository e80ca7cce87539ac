"""Times of a scenario: what each form says, what is refused, and laws that hold of all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from state_machines.values.durations import format_duration
from state_machines.values.instants import format_instant
from workflow.scenarios.times import Moment, TimeError, absolute, is_time, resolved

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
MOMENT = Moment(
    now=FRIDAY,
    begin=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    zone=BERLIN,
    marks={"booked": datetime(2026, 3, 3, 0, 0, tzinfo=UTC)},
    zones={"tom": "Asia/Tokyo", "ada": None, "customer": "America/New_York"},
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("+PT2H", "2026-03-06T11:00:00Z"),
        ("-P1D", "2026-03-05T09:00:00Z"),
        ("begin +P3D", "2026-03-05T09:00:00Z"),
        ("begin -PT1M", "2026-03-02T08:59:00Z"),
        ("booked +PT1H", "2026-03-03T01:00:00Z"),
        ("today 17:00", "2026-03-06T16:00:00Z"),
        ("today 08:00", "2026-03-06T07:00:00Z"),
        ("tomorrow 09:00", "2026-03-07T08:00:00Z"),
        ("tomorrow 09:00:30", "2026-03-07T08:00:30Z"),
        ("saturday 08:30", "2026-03-07T07:30:00Z"),
        ("friday 08:30", "2026-03-13T07:30:00Z"),
        ("thursday 08:30", "2026-03-12T07:30:00Z"),
        ("2026-03-05 10:00", "2026-03-05T09:00:00Z"),
        ("2026-03-05T10:00", "2026-03-05T09:00:00Z"),
        ("2026-03-05T09:00:00Z", "2026-03-05T09:00:00Z"),
        ("2026-03-05T09:00:00+05:30", "2026-03-05T03:30:00Z"),
        ("2026-07-05 10:00", "2026-07-05T08:00:00Z"),
        ("2026-03-05 10:00 in Asia/Kathmandu", "2026-03-05T04:15:00Z"),
        ("2026-03-05 10:00 in tom's zone", "2026-03-05T01:00:00Z"),
        ("2026-03-05 10:00 in the customer's zone", "2026-03-05T15:00:00Z"),
        ("tomorrow 09:00 in UTC", "2026-03-07T09:00:00Z"),
    ],
)
def test_what_it_says(text: str, instant: str) -> None:
    assert format_instant(resolved(text, MOMENT)) == instant
    assert is_time(text)


def test_the_day_is_that_of_the_zone_that_is_named() -> None:
    late = MOMENT.later(datetime(2026, 3, 6, 22, 0, tzinfo=UTC))
    assert format_instant(resolved("today 12:00", late)) == "2026-03-06T11:00:00Z"
    assert format_instant(resolved("today 12:00 in tom's zone", late)) == "2026-03-07T03:00:00Z"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "time-form"),
        ("soon", "time-form"),
        ("tomorrow", "time-form"),
        ("tomorrow 9:00", "time-form"),
        ("tomorrow 24:00", "time-form"),
        ("Friday 09:00", "time-form"),
        (" today 09:00", "time-form"),
        ("2026-03-05", "time-form"),
        ("booked", "time-form"),
        ("+2h", "duration-form"),
        ("+P1M", "duration-fixed-length"),
        ("+P1Y", "duration-fixed-length"),
        ("2026-02-30 10:00", "instant-exists"),
        ("2026-03-05T25:00:00Z", "instant-exists"),
    ],
)
def test_what_has_not_the_form_of_a_time(text: str, rule: str) -> None:
    assert not is_time(text)
    with pytest.raises(TimeError) as refused:
        resolved(text, MOMENT)
    assert refused.value.rule == rule
    assert refused.value.message


@pytest.mark.parametrize(
    ("text", "rule", "word"),
    [
        ("boked +PT1H", "unknown-mark", "'booked'"),
        ("today 09:00 in tim's zone", "unknown-person", "'tom'"),
        ("today 09:00 in ada's zone", "no-zone", "'ada'"),
        ("today 09:00 in Mars", "unknown-zone", "'Mars'"),
        ("2026-03-29 02:30", "nonexistent-local-time", "skip"),
        ("2026-10-25 02:30", "ambiguous-local-time", "2026-10-25T01:30:00Z"),
        ("+P4000000D", "instant-range", "9999"),
        ("-P4000000D", "instant-range", "9999"),
        ("0001-01-01 00:00", "instant-range", "9999"),
    ],
)
def test_what_is_refused_where_it_stands(text: str, rule: str, word: str) -> None:
    assert is_time(text)
    with pytest.raises(TimeError) as refused:
        resolved(text, MOMENT)
    assert refused.value.rule == rule
    assert word in refused.value.message


@pytest.mark.parametrize("text", ["+PT2H in UTC", "2026-03-05T09:00:00Z in Europe/Berlin"])
def test_an_instant_has_no_zone_beside_it(text: str) -> None:
    with pytest.raises(TimeError) as refused:
        resolved(text, MOMENT)
    assert refused.value.rule == "zone-of-instant"


@pytest.mark.parametrize("text", ["+PT2H", "begin +P1D", "today 09:00", "2026-03-05 10:00 in tom's zone"])
def test_a_scenario_begins_at_a_time_that_hangs_on_nothing(text: str) -> None:
    with pytest.raises(TimeError) as refused:
        absolute(text, BERLIN)
    assert refused.value.rule == "not-absolute"
    assert format_instant(absolute("2026-03-05 10:00", BERLIN)) == "2026-03-05T09:00:00Z"


instants = st.integers(0, 4_000_000_000).map(
    lambda n: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(seconds=n)
)
lengths = st.timedeltas(timedelta(), timedelta(days=3650))
zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
)


@given(instants, instants)
def test_an_instant_is_itself_at_any_moment(instant: datetime, now: datetime) -> None:
    assert resolved(format_instant(instant), MOMENT.later(now)) == instant


@given(instants, lengths)
def test_so_long_after_and_before_are_the_same_way(now: datetime, length: timedelta) -> None:
    moment = MOMENT.later(now, "here")
    text = format_duration(length)
    there = resolved(f"+{text}", moment)
    assert there - now == length
    assert resolved(f"-{text}", moment.later(there)) == now
    assert resolved(f"here +{text}", moment.later(MOMENT.begin)) == there


@given(instants, st.sampled_from(("today", "tomorrow", *WEEKDAYS)), st.times(), zones)
def test_a_day_by_name_is_at_that_hour_within_a_week(now: datetime, day: str, at: object, zone: str) -> None:
    hour = str(at)[:8]
    moment = MOMENT.later(now)
    try:
        found = resolved(f"{day} {hour} in {zone}", moment).astimezone(ZoneInfo(zone))
    except TimeError as error:
        assume(error.rule not in ("nonexistent-local-time", "ambiguous-local-time"))
        raise
    ahead = (found.date() - now.astimezone(ZoneInfo(zone)).date()).days
    assert found.time().isoformat() == hour
    assert ahead == {"today": 0, "tomorrow": 1}.get(day, ahead)
    if day in WEEKDAYS:
        assert 1 <= ahead <= 7 and found.weekday() == WEEKDAYS.index(day)


@given(st.text(alphabet="+-PTHMDSWZ0123456789: inbegtodaymrwfksE/'", max_size=30))
def test_any_text_is_an_instant_or_is_refused_with_a_rule(text: str) -> None:
    try:
        found = resolved(text, MOMENT)
    except TimeError as error:
        assert error.rule and error.message
    else:
        assert found.tzinfo is UTC and is_time(text)
