# ruff: noqa: DTZ001  (times on the wall have no zone)
"""Who is on duty: exactly one at each instant, handed over by the clocks on the wall, whatever they do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.values.instants import localize, parse_instant
from workflow.recovery.rotations.duty import next_hand_over, on_duty, on_duty_between, rotation_fault
from workflow.recovery.rotations.handover import Handover
from workflow.recovery.rotations.rotation import RotationError, parse_rotation

ZONES = (
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns",
    "Pacific/Apia", "Asia/Kathmandu", "UTC",
)  # fmt: skip
"""Both hemispheres, half and quarter hours, a change of half an hour, and a day that was dropped."""


def weekly(zone: str = "Europe/Berlin", **more: Any) -> dict[str, Any]:
    """Ada, Ben and Cleo, a week each, from a Monday at nine."""
    handover = {"every": "P7D", "at": "09:00", "zone": zone, "from": "2026-01-05"}
    return {"members": ["ada", "ben", "cleo"], "handover": handover, **more}


handovers = st.builds(
    lambda day, minute, every, name: Handover(
        datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute), every, ZoneInfo(name)
    ),
    st.dates(datetime(2005, 1, 1).date(), datetime(2035, 1, 1).date()),
    st.integers(0, 1439),
    st.sampled_from(
        [timedelta(days=7), timedelta(days=1), timedelta(hours=12), timedelta(hours=8), timedelta(minutes=90)]
    ),
    st.sampled_from(ZONES),
)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(handovers, instants)
def test_exactly_one_turn_holds_each_instant(handover: Handover, instant: datetime) -> None:
    number = handover.number_at(instant)
    assert handover.instant(number) <= instant < handover.instant(number + 1)


@given(handovers, st.integers(-2000, 2000))
def test_hand_overs_come_in_order_and_at_the_time_on_the_wall(handover: Handover, number: int) -> None:
    at, wall = handover.instant(number), handover.begin + number * handover.every
    assert at <= handover.instant(number + 1)
    shown = at.astimezone(handover.zone).replace(tzinfo=None)
    gone = (at - timedelta(microseconds=1)).astimezone(handover.zone).replace(tzinfo=None)
    assert shown == wall or gone < wall < shown, "on the dot, or at the change that skips it"


@pytest.mark.parametrize(
    ("before", "at"),
    [
        ("2026-03-30T06:59:59Z", "2026-03-30T07:00:00Z"),  # the Monday after the clocks went forward
        ("2026-03-23T07:59:59Z", "2026-03-23T08:00:00Z"),  # the one before
        ("2026-10-26T07:59:59Z", "2026-10-26T08:00:00Z"),  # the Monday after they went back
        ("2026-10-19T06:59:59Z", "2026-10-19T07:00:00Z"),
    ],
)
def test_a_hand_over_at_nine_is_at_nine_on_both_sides_of_a_change(before: str, at: str) -> None:
    outgoing, incoming = (on_duty(weekly(), parse_instant(one)) for one in (before, at))
    members = weekly()["members"]
    assert members[(members.index(outgoing[0]) + 1) % 3] == incoming[0]


def test_a_time_that_the_clocks_skip_or_show_twice_is_one_hand_over() -> None:
    nightly = Handover(datetime(2026, 1, 1, 2, 30), timedelta(days=1), ZoneInfo("Europe/Berlin"))
    skipped = nightly.instant((datetime(2026, 3, 29) - datetime(2026, 1, 1)).days)
    assert skipped == parse_instant("2026-03-29T01:00:00Z"), "at the change, which is three o'clock"
    twice = nightly.instant((datetime(2026, 10, 25) - datetime(2026, 1, 1)).days)
    assert twice == localize(datetime(2026, 10, 25, 2, 30), "Europe/Berlin", "earlier")


def test_nobody_is_on_duty_before_the_first_hand_over() -> None:
    assert on_duty(weekly(), parse_instant("2026-01-05T07:59:59Z")) == []
    assert on_duty(weekly(), parse_instant("2026-01-05T08:00:00Z")) == ["ada"]


def test_a_turn_may_be_shared() -> None:
    pairs = weekly() | {"members": [["ada", "ben"], "cleo"]}
    assert on_duty(pairs, parse_instant("2026-01-06T00:00:00Z")) == ["ada", "ben"]
    assert on_duty(pairs, parse_instant("2026-01-13T00:00:00Z")) == ["cleo"]


def handed(**changes: str) -> dict[str, Any]:
    """The weekly rotation with another hand-over."""
    return weekly() | {"handover": weekly()["handover"] | changes}


def span(begin: str, end: str, *people: str) -> dict[str, Any]:
    """A shift or an override, on the sixth of January."""
    return {"from": f"2026-01-06T{begin}:00Z", "to": f"2026-01-06T{end}:00Z", "people": list(people)}


@pytest.mark.parametrize("base", [weekly(), {"shifts": [span("00:00", "23:00", "ada")]}])
def test_an_override_puts_somebody_else_in_their_place_and_the_last_one_counts(base: dict[str, Any]) -> None:
    rotation = base | {"overrides": [span("10:00", "14:00", "dora"), span("12:00", "13:00", "emil")]}
    hours = [on_duty(rotation, parse_instant(f"2026-01-06T{hour}:00Z")) for hour in
             ("09:59", "10:00", "12:00", "13:00", "14:00")]  # fmt: skip
    assert hours == [["ada"], ["dora"], ["emil"], ["dora"], ["ada"]]


def test_shifts_may_overlap_and_leave_gaps() -> None:
    rotation = {"shifts": [span("08:00", "12:00", "ada"), span("11:00", "13:00", "ben", "ada")]}
    hours = [on_duty(rotation, parse_instant(f"2026-01-06T{hour}:00Z")) for hour in
             ("07:00", "08:00", "11:30", "12:00", "13:00")]  # fmt: skip
    assert hours == [[], ["ada"], ["ada", "ben"], ["ben", "ada"], []]


@pytest.mark.parametrize(
    ("rotation", "fault"),
    [
        ({}, "members: list"),
        (weekly() | {"members": []}, "members: list"),
        (weekly() | {"members": ["ada", 7]}, "members[1][0]: person"),
        (weekly("Europe/Berlyn"), "handover.zone: unknown-zone"),
        (weekly() | {"shifts": []}, "shifts: either-or"),
        (handed(every="P1M"), "handover.every: duration-fixed-length"),
        (handed(every="PT0S"), "handover.every: too-short"),
        (handed(at="25:00"), "handover.at: wall-time"),
        (handed(**{"from": "2026-02-30"}), "handover.from: date"),
        ({"shifts": [span("10:00", "09:00", "ada")]}, "shifts[0].to: order"),
        ({"shifts": [span("10:00", "11:00")]}, "shifts[0].people: list"),
        ({"shifts": [span("10:00", "11:00", "ada") | {"to": "2026-01-06"}]}, "shifts[0].to: no-zone"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_field_and_rule_and_has_nobody_on_duty(
    rotation: dict[str, Any], fault: str
) -> None:
    field, _, rule = fault.partition(": ")
    said = rotation_fault(rotation)
    assert (said.split()[0], said.split()[-1]) == (field, f"[{rule}]")
    assert on_duty(rotation, parse_instant("2026-01-06T10:00:00Z")) == []
    with pytest.raises(RotationError):
        parse_rotation(rotation)


def test_a_rotation_without_a_fault_says_so() -> None:
    assert rotation_fault(weekly()) == "" == rotation_fault({"shifts": []})


people = st.lists(st.sampled_from(["ada", "ben", "cleo"]), min_size=1, max_size=2, unique=True)


@st.composite
def spans(draw: st.DrawFn) -> dict[str, Any]:
    """Some quarters of an hour of the sixth of January."""
    begin = draw(st.integers(0, 60))
    quarters = (begin, draw(st.integers(begin + 1, 80)))
    at = [f"2026-01-06T{one // 4:02}:{one % 4 * 15:02}:00Z" for one in quarters]
    return {"from": at[0], "to": at[1], "people": draw(people)}


rotations = st.builds(
    lambda base, overrides: base | {"overrides": overrides},
    st.one_of(
        st.lists(spans(), max_size=4).map(lambda shifts: {"shifts": shifts}),
        st.builds(
            lambda members, every: {"members": members, "handover": weekly()["handover"] | {"every": every}},
            st.lists(people, min_size=1, max_size=3),
            st.sampled_from(["PT15M", "PT2H", "PT12H", "P1D"]),
        ),
    ),
    st.lists(spans(), max_size=3),
)


@given(rotations, st.integers(0, 79))
def test_until_the_next_hand_over_it_is_the_same_people_and_from_then_on_others(
    rotation: dict[str, Any], quarter: int
) -> None:
    now = parse_instant("2026-01-06T00:00:00Z") + quarter * timedelta(minutes=15)
    sampled = [now + step * timedelta(minutes=15) for step in range(1, 96)]
    present = sorted(on_duty(rotation, now))
    others = next((at for at in sampled if sorted(on_duty(rotation, at)) != present), None)
    found = next_hand_over(rotation, now)
    if others is not None:
        assert parse_instant(found) == others
    elif found:
        assert (
            parse_instant(found) > sampled[-1] and sorted(on_duty(rotation, parse_instant(found))) != present
        )


@given(rotations, st.integers(0, 79), st.integers(1, 40))
def test_whoever_is_on_duty_at_some_time_of_a_span_is_found(
    rotation: dict[str, Any], quarter: int, length: int
) -> None:
    begin = parse_instant("2026-01-06T00:00:00Z") + quarter * timedelta(minutes=15)
    sampled = [begin + step * timedelta(minutes=15) for step in range(length)]
    wanted = {one for at in sampled for one in on_duty(rotation, at)}
    assert set(on_duty_between(rotation, begin, begin + length * timedelta(minutes=15))) == wanted
