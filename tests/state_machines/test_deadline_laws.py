"""Deadlines: the laws that hold for all of them, to the microsecond."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.calendars import Calendar
from state_machines.timeouts.deadlines import Pause, deadline, elapsed, explain, next_tick, remaining
from tests.state_machines.random_calendars import random_place

INSTANTS = st.datetimes(
    min_value=datetime(2009, 1, 1),  # noqa: DTZ001  hypothesis wants bounds without a zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=20))
PAUSES = st.lists(st.tuples(INSTANTS, LENGTHS).map(lambda pause: (pause[0], pause[0] + pause[1])), max_size=4)


@st.composite
def clocks(draw: st.DrawFn) -> tuple[datetime, list[Pause], Calendar | None]:
    """A start, pauses near it, all to the microsecond, and a random calendar."""
    place = random_place(Random(draw(st.integers(0, 2**32))))
    start = place.first + draw(st.timedeltas(timedelta(0), timedelta(days=5)))
    pauses: list[Pause] = []
    for _ in range(draw(st.integers(0, 3))):
        begin = start + draw(st.timedeltas(timedelta(days=-1), timedelta(days=5)))
        pauses.append((begin, begin + draw(st.timedeltas(timedelta(0), timedelta(days=3)))))
    calendar = Calendar.from_mapping(place.source).in_zone(place.zone) if place.source else None
    return start, pauses, calendar


@settings(deadline=None, max_examples=200)
@given(clocks(), LENGTHS)
def test_the_deadline_is_the_first_instant_at_which_the_budget_is_used_up(
    clock: tuple[datetime, list[Pause], Calendar | None], budget: timedelta
) -> None:
    start, pauses, calendar = clock
    due = deadline(start, budget, pauses, calendar)
    assert due is not None
    assert elapsed(start, due, pauses, calendar) == budget
    assert remaining(start, budget, due, pauses, calendar) == timedelta(0)
    if budget:
        before = due - timedelta(microseconds=1)
        assert elapsed(start, before, pauses, calendar) == budget - timedelta(microseconds=1)
    assert deadline(start, budget, [*reversed(pauses), *pauses], calendar) == due
    if budget and pauses:
        open_pause = (max(begin for begin, _ in pauses), None)
        stopped = deadline(start, budget, [*pauses, open_pause], calendar)
        assert stopped == (due if due <= open_pause[0] else None)


@settings(deadline=None, max_examples=100)
@given(clocks(), LENGTHS, LENGTHS)
def test_a_longer_budget_is_never_due_earlier_and_budgets_add_up(
    clock: tuple[datetime, list[Pause], Calendar | None], one: timedelta, two: timedelta
) -> None:
    start, pauses, calendar = clock
    first = deadline(start, one, pauses, calendar)
    both = deadline(start, one + two, pauses, calendar)
    assert first is not None and both is not None and first <= both
    assert deadline(first, two, pauses, calendar) == both or not two


@settings(deadline=None)
@given(INSTANTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=9)), INSTANTS)
def test_ticks_never_drift(start: datetime, interval: timedelta, after: datetime) -> None:
    tick = next_tick(start, interval, after)
    assert tick > max(after, start)
    assert (tick - start) % interval == timedelta(0)
    assert tick - interval <= max(after, start)


@settings(deadline=None, max_examples=50)
@given(INSTANTS, LENGTHS, PAUSES)
def test_a_calendar_that_never_closes_is_like_none(
    start: datetime, budget: timedelta, pauses: list[Pause]
) -> None:
    always = Calendar.from_mapping({"zone": "America/St_Johns", "weekly": {"mon-sun": ["00:00-24:00"]}})
    assert deadline(start, budget, pauses, always) == deadline(start, budget, pauses)


@settings(deadline=None, max_examples=50)
@given(clocks(), st.timedeltas(timedelta(minutes=1), timedelta(days=3)))
def test_the_steps_of_an_explanation_are_in_order(
    clock: tuple[datetime, list[Pause], Calendar | None], budget: timedelta
) -> None:
    start, pauses, calendar = clock
    story = explain(start, budget, pauses, calendar)
    assert story[0].startswith("Starts ") and story[-1].startswith("Due ")
    used = [line for line in story if " used, " in line]
    assert used and used[-1].endswith(" 0 min left.")
    dates = [next(word for word in line.split() if word[:2] == "20")[:10] for line in used]
    assert all(earlier <= later for earlier, later in pairwise(dates))
