"""Quiet hours: nobody is contacted in them, wherever the customer may be."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.calendars.quiet_hours import NeverAllowed, QuietHours, QuietHoursError, next_allowed
from state_machines.values.instants import InstantError, UnknownZone, parse_instant
from tests.state_machines.minute_walk import minute_of

NIGHT = QuietHours.parse("21:00-08:00")
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        ("2026-06-26T10:00:00Z", "2026-06-26T10:00:00Z"),
        ("2026-06-26T18:59:59Z", "2026-06-26T18:59:59Z"),
        ("2026-06-26T19:00:00Z", "2026-06-27T06:00:00Z"),  # 21:00 in Berlin is quiet
        ("2026-06-27T05:59:59Z", "2026-06-27T06:00:00Z"),
        ("2026-06-27T06:00:00Z", "2026-06-27T06:00:00Z"),  # 08:00 no longer is
        ("2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z"),  # a night of 10 hours
        ("2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z"),  # a night of 12 hours
    ],
)
def test_a_night_in_a_known_zone(at: str, allowed: str) -> None:
    assert next_allowed(parse_instant(at), NIGHT, "Europe/Berlin") == parse_instant(allowed)


def test_a_contact_window_is_kept_to_and_quiet_hours_win_over_it() -> None:
    wishes = QuietHours.parse(["21:00-08:00", "12:00-15:00"], "09:00-13:00,14:00-18:00")
    assert wishes.allowed_minutes() == ((540, 720), (900, 1080))
    assert next_allowed(parse_instant("2026-06-26T07:00:00Z"), wishes, "UTC") == parse_instant(
        "2026-06-26T09:00:00Z"
    )
    assert next_allowed(parse_instant("2026-06-26T12:00:00Z"), wishes, "UTC") == parse_instant(
        "2026-06-26T15:00:00Z"
    )
    assert next_allowed(parse_instant("2026-06-26T18:00:00Z"), wishes, "UTC") == parse_instant(
        "2026-06-27T09:00:00Z"
    )


@pytest.mark.parametrize("nothing", [None, "", [], ()])
def test_who_wishes_nothing_may_be_contacted_at_once_anywhere(nothing: object) -> None:
    at = parse_instant("2026-06-26T02:00:00Z")
    assert next_allowed(at, QuietHours.parse(nothing, nothing), None) == at


def test_a_contact_window_alone_is_enough() -> None:
    wishes = QuietHours.parse(None, "22:00-02:00")  # a night owl
    assert next_allowed(parse_instant("2026-06-26T12:00:00Z"), wishes, "UTC") == parse_instant(
        "2026-06-26T22:00:00Z"
    )
    assert next_allowed(parse_instant("2026-06-26T01:59:00Z"), wishes, "UTC") == parse_instant(
        "2026-06-26T01:59:00Z"
    )


def test_in_an_unknown_zone_it_waits_until_no_possible_one_is_quiet() -> None:
    zones = ["Europe/Berlin", "America/New_York"]
    assert next_allowed(parse_instant("2026-06-26T07:00:00Z"), NIGHT, None, zones) == parse_instant(
        "2026-06-26T12:00:00Z"
    )
    assert next_allowed(parse_instant("2026-06-26T19:00:00Z"), NIGHT, None, zones) == parse_instant(
        "2026-06-27T12:00:00Z"
    )


def test_where_it_is_always_quiet_somewhere_the_answer_is_no_instant() -> None:
    at = parse_instant("2026-06-26T12:00:00Z")
    answer = next_allowed(at, NIGHT, None)
    assert isinstance(answer, NeverAllowed)
    assert "unknown" in answer.reason and "UTC-12" in answer.reason and "21:00-08:00" in answer.reason
    far_apart = next_allowed(at, QuietHours.parse("19:00-09:00"), None, ["Europe/Berlin", "Pacific/Auckland"])
    assert isinstance(far_apart, NeverAllowed) and "Pacific/Auckland" in far_apart.reason


@pytest.mark.parametrize("quiet", ["03:00-03:15", "03:00-04:00", "23:50-00:05"])
def test_a_quarter_of_an_hour_is_always_quiet_somewhere_in_the_world(quiet: str) -> None:
    assert isinstance(
        next_allowed(parse_instant("2026-06-26T12:00:00Z"), QuietHours.parse(quiet), None), NeverAllowed
    )


def test_a_moment_that_no_clock_in_the_world_calls_quiet_is_found() -> None:
    wishes = QuietHours.parse("03:00-03:10")
    at = parse_instant("2026-06-26T12:01:00Z")
    assert next_allowed(at, wishes, None) == parse_instant("2026-06-26T12:10:00Z")


def test_an_empty_list_of_zones_means_anywhere_and_not_nowhere() -> None:
    assert isinstance(next_allowed(parse_instant("2026-06-26T12:00:00Z"), NIGHT, None, []), NeverAllowed)


def test_a_known_zone_makes_the_possible_ones_irrelevant() -> None:
    at = parse_instant("2026-06-26T12:00:00Z")
    assert next_allowed(at, NIGHT, ZoneInfo("Europe/Berlin"), ["Pacific/Auckland"]) == at


@pytest.mark.parametrize(
    ("quiet", "window", "field", "rule"),
    [
        ("9pm-8am", None, "quiet_hours[0]", "block-form"),
        (["21:00-08:00", "25:00-26:00"], None, "quiet_hours[1]", "block-form"),
        ("08:00-08:00", None, "quiet_hours[0]", "block-length"),
        (21, None, "quiet_hours", "blocks-form"),
        ({"from": "21:00"}, None, "quiet_hours", "blocks-form"),
        (None, "09:00-12:00,noon", "window[1]", "block-form"),
        ("00:00-24:00", None, "quiet_hours", "never-allowed"),
        ("20:00-09:00", "06:00-08:00", "quiet_hours", "never-allowed"),
        (["00:00-12:00", "11:00-00:00"], None, "quiet_hours", "never-allowed"),
    ],
)
def test_mistakes_are_named_by_field_and_rule(quiet: object, window: object, field: str, rule: str) -> None:
    with pytest.raises(QuietHoursError) as caught:
        QuietHours.parse(quiet, window)
    assert (caught.value.field, caught.value.rule) == (field, rule)


def test_an_unknown_zone_and_a_naive_instant_are_refused() -> None:
    at = parse_instant("2026-06-26T12:00:00Z")
    for zones in (("Mars/Olympus", ()), (None, ["Mars/Olympus"])):
        with pytest.raises(UnknownZone):
            next_allowed(at, NIGHT, zones[0], zones[1])
    with pytest.raises(InstantError):
        next_allowed(at.replace(tzinfo=None), NIGHT, "UTC")


def walked_quiet(at: datetime, quiet: list[str], window: list[str], where: ZoneInfo | timezone) -> bool:
    """Judged from the clock on the wall, by itself."""
    wall = at.astimezone(where)
    minute = wall.hour * 60 + wall.minute

    def inside(text: str) -> bool:
        first, last = map(minute_of, text.split("-"))
        return first <= minute < last if first < last else minute >= first or minute < last

    return any(map(inside, quiet)) or (bool(window) and not any(map(inside, window)))


TIMES = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
BLOCKS = st.lists(st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]).map("-".join), max_size=2)
ZONES = st.sampled_from(
    [
        *("Europe/Berlin", "America/St_Johns", "Asia/Kolkata"),
        *("Australia/Lord_Howe", "Pacific/Honolulu", "Africa/Cairo"),
    ]
)
STARTS = st.sampled_from(
    ["2026-03-07", "2026-03-28", "2026-04-04", "2026-04-23", "2026-10-03", "2026-10-24", "2026-06-26"]
)


@settings(deadline=None, max_examples=150)
@given(BLOCKS, BLOCKS, st.lists(ZONES, min_size=1, max_size=3, unique=True), STARTS, st.integers(0, 2880))
def test_the_first_allowed_minute_is_that_of_a_walk(
    quiet: list[str], window: list[str], zones: list[str], start: str, minute: int
) -> None:
    try:
        wishes = QuietHours.parse(quiet, window)
    except QuietHoursError as error:
        assert error.rule == "never-allowed"
        return
    at = datetime.fromisoformat(start).replace(tzinfo=UTC) + minute * MINUTE
    places = [ZoneInfo(name) for name in zones]
    answer = next_allowed(at, wishes, zones[0] if len(zones) == 1 else None, zones)
    walked = next(
        (
            moment
            for moment in (at + minutes * MINUTE for minutes in range(3 * 1440))
            if not any(walked_quiet(moment, quiet, window, place) for place in places)
        ),
        None,
    )
    if walked is not None:
        assert answer == walked
    else:
        assert isinstance(answer, NeverAllowed) or answer >= at + 3 * 1440 * MINUTE
