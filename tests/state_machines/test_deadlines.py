"""Deadlines: the traps, each by its name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from holidays import country_holidays

from state_machines.calendars import Calendar, NeverOpen
from state_machines.timeouts.deadlines import (
    Pause,
    deadline,
    elapsed,
    explain,
    lead,
    next_tick,
    remaining,
    share,
)
from state_machines.values.instants import format_instant, parse_instant, zone
from state_machines.values.time_errors import DurationError, InstantError, PauseError, TimeError

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OFFICE = Calendar.from_mapping(
    {
        "zone": "Europe/Berlin",
        "weekly": {"mon-fri": ["09:00-12:00", "13:00-17:30"], "sat": ["10:00-14:00"]},
        "holidays": {"country": "DE", "subdivision": "BE"},
        "closed": ["2026-12-24"],
    }
)
NIGHT = Calendar.from_mapping({"zone": "Europe/Berlin", "weekly": {"mon-sun": ["22:00-06:00"]}})
FRIDAY = "2026-06-26"


def at(text: str) -> datetime:
    """An instant from local time in Berlin: ``2026-06-26 17:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=zone("Europe/Berlin")).astimezone(UTC)


def pauses_of(*texts: tuple[str, str | None]) -> list[Pause]:
    return [(at(begin), None if end is None else at(end)) for begin, end in texts]


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (f"{FRIDAY} 10:00", 1, f"{FRIDAY} 11:00"),
        (f"{FRIDAY} 10:00", 2, f"{FRIDAY} 12:00"),  # the end of a block, not the start of the next
        (f"{FRIDAY} 10:00", 2.5, f"{FRIDAY} 13:30"),  # lunch is not counted
        (f"{FRIDAY} 12:30", 1, f"{FRIDAY} 14:00"),  # begins at lunch
        (f"{FRIDAY} 17:00", 4.5, "2026-06-27 14:00"),  # Saturday has hours of its own
        (f"{FRIDAY} 17:00", 5, "2026-06-29 09:30"),  # and Sunday none
        (f"{FRIDAY} 17:00", 0.5, f"{FRIDAY} 17:30"),  # the last minute of the day
        (f"{FRIDAY} 20:00", 0, f"{FRIDAY} 20:00"),  # nothing to wait for, at night too
        ("2026-12-23 17:00", 1, "2026-12-28 09:30"),  # closed, two holidays and a Sunday
        ("2026-04-02 17:00", 1, "2026-04-04 10:30"),  # Good Friday
        ("2026-03-06 17:00", 4.5, "2026-03-07 14:00"),
    ],
)
def test_business_hours(start: str, hours: float, due: str) -> None:
    assert deadline(at(start), hours * HOUR, (), OFFICE) == at(due)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-28 22:00", 7, "2026-03-29T04:00:00Z"),  # the night is 7 hours long: all of it
        ("2026-10-24 22:00", 8, "2026-10-25T04:00:00Z"),  # 9 hours long: 8 end at 05:00
        ("2026-10-24 22:00", 4.5, "2026-10-25T00:30:00Z"),  # 02:30, the first time
        ("2026-10-24 22:00", 5.5, "2026-10-25T01:30:00Z"),  # 02:30, the second time
        ("2026-03-29 05:00", 2, "2026-03-29T21:00:00Z"),
    ],
)
def test_nights_in_which_the_clocks_change(start: str, hours: float, due: str) -> None:
    assert deadline(at(start), hours * HOUR, (), NIGHT) == parse_instant(due)


def test_around_the_clock_hours_are_real_hours() -> None:
    assert deadline(at("2026-03-28 12:00"), 24 * HOUR) == at("2026-03-29 13:00")
    assert deadline(at("2026-10-24 12:00"), 24 * HOUR) == at("2026-10-25 11:00")


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([("11:00", "14:00")], "16:00"),  # of three hours two were open
        ([("12:00", "13:00")], "14:00"),  # lunch alone: nothing to subtract
        ([("08:00", "09:30")], "14:00"),  # over before the start
        ([("08:00", "10:30")], "14:30"),  # began before the start
        ([("10:30", "11:00"), ("11:00", "11:30")], "15:00"),  # they touch
        ([("10:30", "11:15"), ("10:45", "11:30")], "15:00"),  # they overlap
        ([("10:30", "11:30"), ("10:45", "11:00")], "15:00"),  # one lies within the other
        ([("11:30", "12:00"), ("10:00", "10:30")], "15:00"),  # in any order
        ([("11:00", "11:00")], "14:00"),  # empty
        ([("14:00", "16:00")], "14:00"),  # due as the pause begins: due
        ([("13:59", "16:00")], "16:01"),
        ([("11:00", None)], None),  # still paused
        ([("09:00", None)], None),  # paused since before the start
        ([("12:00", None)], None),  # nothing ran since, closed or not
        ([("14:00", None)], "14:00"),  # paused when it was due already
        ([("11:00", "11:30"), ("11:15", None)], None),
    ],
)
def test_pauses_in_business_hours(pauses: list[tuple[str, str | None]], due: str | None) -> None:
    paused = pauses_of(*((f"{FRIDAY} {begin}", end and f"{FRIDAY} {end}") for begin, end in pauses))
    found = deadline(at(f"{FRIDAY} 10:00"), 3 * HOUR, paused, OFFICE)
    assert found == (None if due is None else at(f"{FRIDAY} {due}"))


def test_a_pause_over_a_weekend_takes_only_its_business_time() -> None:
    paused = pauses_of((f"{FRIDAY} 11:00", "2026-06-28 20:00"))
    assert deadline(at(f"{FRIDAY} 10:00"), 3 * HOUR, paused, OFFICE) == at("2026-06-29 11:00")


def test_a_budget_of_zero_is_due_at_its_start_even_in_a_pause() -> None:
    start = at(f"{FRIDAY} 10:00")
    assert deadline(start, timedelta(0), pauses_of((f"{FRIDAY} 09:00", None))) == start


def test_a_long_pause_is_stepped_over_and_not_walked_through() -> None:
    calendar = OFFICE.in_zone("Europe/Vienna")
    paused = [(parse_instant("2020-01-02T10:00:00Z"), parse_instant("2026-06-26T10:00:00Z"))]
    assert deadline(parse_instant("2020-01-02T09:00:00Z"), 2 * HOUR, paused, calendar) == at(
        f"{FRIDAY} 14:00"
    )
    assert len(calendar._days) <= 3


def test_elapsed_and_remaining_stand_still_in_a_pause_and_never_go_below_zero() -> None:
    start, paused = at(f"{FRIDAY} 10:00"), pauses_of((f"{FRIDAY} 11:00", None))
    assert elapsed(start, at(f"{FRIDAY} 17:00"), paused, OFFICE) == HOUR
    assert remaining(start, 3 * HOUR, at("2026-07-26 17:00"), paused, OFFICE) == 2 * HOUR
    assert remaining(start, HOUR, at(f"{FRIDAY} 17:00"), (), OFFICE) == timedelta(0)
    assert elapsed(start, start - HOUR) == timedelta(0)


def test_lead_and_share() -> None:
    due = at("2026-06-29 10:00")
    assert lead(due, 2 * HOUR) == at("2026-06-29 08:00")
    assert lead(due, 2 * HOUR, OFFICE) == at("2026-06-27 13:00")
    assert share(due, due + 4 * HOUR, 0.75) == due + 3 * HOUR
    assert share(at(f"{FRIDAY} 17:00"), due, 0.5, OFFICE) == at("2026-06-27 12:15")
    assert share(due, due - HOUR, 0.5) == due
    assert [share(due, due + HOUR, part) for part in (0, 1)] == [due, due + HOUR]


@pytest.mark.parametrize(
    ("after", "tick"),
    [(-90, 60), (0, 60), (59, 60), (60, 120), (61, 120), (6000, 6060), (60.5, 120)],
)
def test_ticks_are_counted_from_the_start(after: float, tick: float) -> None:
    start = at(f"{FRIDAY} 10:07")
    assert next_tick(start, HOUR, start + after * MINUTE) == start + tick * MINUTE


def test_bad_questions_are_refused_by_name() -> None:
    start = at(f"{FRIDAY} 10:00")
    for budget_error in (
        lambda: deadline(start, -HOUR),
        lambda: explain(start, -HOUR),
        lambda: lead(start, -HOUR),
    ):
        with pytest.raises(DurationError, match="negative"):
            budget_error()
    with pytest.raises(PauseError, match="before it begins"):
        deadline(start, HOUR, [(start, start - MINUTE)])
    with pytest.raises(DurationError, match="not longer than zero"):
        next_tick(start, timedelta(0), start)
    for fraction in (-0.1, 1.1, 75, float("nan")):
        with pytest.raises(TimeError, match="share from 0 to 1"):
            share(start, start + HOUR, fraction)
    with pytest.raises(InstantError, match="no time zone"):
        deadline(start.replace(tzinfo=None), HOUR)


def test_the_end_of_time_is_an_error_and_not_a_pause() -> None:
    start, paused = at(f"{FRIDAY} 10:00"), pauses_of((f"{FRIDAY} 11:00", f"{FRIDAY} 12:00"))
    ages = timedelta(days=3_000_000)
    for ask in (
        lambda: deadline(start, ages),
        lambda: deadline(start, ages, paused),
        lambda: explain(start, ages, paused),
        lambda: next_tick(start, ages, start + HOUR),
    ):
        with pytest.raises(InstantError, match="9999"):
            ask()
    once = Calendar.from_mapping({"zone": "UTC", "open": {FRIDAY: ["08:00-09:00"]}})
    for question in (deadline, explain):
        with pytest.raises(NeverOpen):
            question(start, 5 * HOUR, paused, once)


def test_explain_tells_every_step() -> None:
    story = explain(
        at("2026-03-27 16:00"),
        8 * HOUR,
        pauses_of(("2026-03-30 10:00", "2026-03-30 14:00"), ("2026-04-01 09:00", "2026-04-02 18:00")),
        OFFICE,
    )
    assert story == [
        "Starts Fri 2026-03-27 16:00 CET with 8 h of business time (Europe/Berlin).",
        "Fri 2026-03-27 16:00-17:30 CET: 1 h 30 min used, 6 h 30 min left.",
        "Sat 2026-03-28 10:00-14:00 CET: 4 h used, 2 h 30 min left.",
        "Sun 2026-03-29: no business hours.",
        "Sun 2026-03-29 02:00: the clocks go forward by 1 h, to Sun 2026-03-29 03:00 CEST.",
        "Mon 2026-03-30 09:00-10:00 CEST: 1 h used, 1 h 30 min left.",
        "Paused Mon 2026-03-30 10:00-14:00 CEST: 3 h of business time not counted.",
        "Mon 2026-03-30 14:00-15:30 CEST: 1 h 30 min used, 0 min left.",
        "Due Mon 2026-03-30 15:30 CEST (2026-03-30T13:30:00Z).",
    ]


def test_explain_names_holidays_exceptions_and_an_open_pause() -> None:
    names = country_holidays("DE", subdiv="BE", language="en_US")  # its words may change with its version
    story = explain(at("2026-12-23 17:00"), 9 * HOUR, pauses_of(("2026-12-28 10:00:30", None)), OFFICE)
    assert story == [
        "Starts Wed 2026-12-23 17:00 CET with 9 h of business time (Europe/Berlin).",
        "Wed 2026-12-23 17:00-17:30 CET: 30 min used, 8 h 30 min left.",
        "Thu 2026-12-24: closed by exception.",
        f"Fri 2026-12-25: holiday: {names[date(2026, 12, 25)]}.",
        f"Sat 2026-12-26: holiday: {names[date(2026, 12, 26)]}.",
        "Sun 2026-12-27: no business hours.",
        "Mon 2026-12-28 09:00-10:00:30 CET: 1 h 30 s used, 7 h 29 min 30 s left.",
        "Paused since Mon 2026-12-28 10:00:30 CET.",
        "No deadline while the pause lasts; 7 h 29 min 30 s left when it ends.",
    ]


def test_explain_counts_overlapping_pauses_once() -> None:
    paused = pauses_of((f"{FRIDAY} 10:30", f"{FRIDAY} 11:15"), (f"{FRIDAY} 10:45", f"{FRIDAY} 11:30"))
    assert explain(at(f"{FRIDAY} 10:00"), HOUR, paused, OFFICE)[2:-1] == [
        "Paused Fri 2026-06-26 10:30-11:30 CEST: 1 h of business time not counted.",
        "Fri 2026-06-26 11:30-12:00 CEST: 30 min used, 0 min left.",
    ]


def test_explain_shows_the_hour_that_comes_twice() -> None:
    assert explain(at("2026-10-24 22:00"), 5.5 * HOUR, (), NIGHT) == [
        "Starts Sat 2026-10-24 22:00 CEST with 5 h 30 min of business time (Europe/Berlin).",
        "Sat 2026-10-24 22:00 CEST to Sun 2026-10-25 02:30 CET: 5 h 30 min used, 0 min left.",
        "Sun 2026-10-25 03:00: the clocks go back by 1 h, to Sun 2026-10-25 02:00 CET.",
        "Due Sun 2026-10-25 02:30 CET (2026-10-25T01:30:00Z).",
    ]


def test_explain_around_the_clock_in_a_zone_of_choice() -> None:
    assert explain(at("2026-10-24 12:00"), 24 * HOUR, zone=zone("America/New_York")) == [
        "Starts Sat 2026-10-24 06:00 EDT with 24 h around the clock.",
        "Sat 2026-10-24 06:00 EDT to Sun 2026-10-25 06:00 EDT: 24 h used, 0 min left.",
        "Due Sun 2026-10-25 06:00 EDT (2026-10-25T10:00:00Z).",
    ]


def test_explain_leaves_out_the_middle_of_a_very_long_story_and_says_so() -> None:
    story = explain(at("2026-01-01 00:00"), 1000 * HOUR, (), OFFICE)
    assert len(story) < 70
    assert any("more steps left out" in line for line in story)
    due = deadline(at("2026-01-01 00:00"), 1000 * HOUR, (), OFFICE)
    assert due is not None and format_instant(due) in story[-1]
