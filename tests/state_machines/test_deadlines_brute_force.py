"""10,000 random deadlines, each equal to a walk from minute to minute that shares no code with ours."""

from dataclasses import dataclass
from random import Random

import pytest

from state_machines.calendars import Calendar
from state_machines.timeouts.deadlines import Pause, deadline, elapsed, explain, lead, remaining
from state_machines.values.instants import format_instant
from tests.state_machines.minute_walk import (
    MINUTE,
    count_running,
    instant,
    open_minutes,
    running_minutes,
    walk_back,
    walk_to_deadline,
)
from tests.state_machines.random_calendars import Place, random_place

CASES = 10_000
BATCHES = 20
PLACES_A_BATCH = 10
HORIZON = 12 * 1440
"""Minutes; twelve days from the start of a place."""


@dataclass
class Case:
    """One question, in minutes from the start of the place."""

    start: int
    budget: int
    pauses: list[tuple[int, int | None]]
    until: int


def edges_of(opened: bytearray) -> list[int]:
    """The minutes at which it opens or closes."""
    return [minute for minute in range(1, HORIZON) if opened[minute] != opened[minute - 1]]


def random_case(random: Random, opened: bytearray, edges_of_place: list[int]) -> Case:
    start = random.randint(0, HORIZON * 2 // 3)
    edges = edges_of_place or [start]
    if random.random() < 0.2:
        start = random.choice(edges)
    pauses = random_pauses(random, start, edges)
    running = running_minutes(opened, pauses)
    budget = random.choice((0, 1, random.randint(1, 60), random.randint(1, 600), random.randint(1, 3000)))
    if random.random() < 0.25:  # exactly what is there up to the edge of a block or of a pause
        edge = random.choice(edges + [minute for pause in pauses for minute in pause if minute is not None])
        budget = count_running(running, start, min(edge, HORIZON))
    return Case(start, budget, pauses, random.randint(0, HORIZON))


def random_pauses(random: Random, start: int, edges: list[int]) -> list[tuple[int, int | None]]:
    """Up to four pauses: apart, overlapping, touching, empty, over closed time, before the start, open."""
    pauses: list[tuple[int, int | None]] = []
    for _ in range(random.choice((0, 0, 1, 1, 2, 3, 4))):
        begin = random.choice(
            (random.randint(0, HORIZON - 1), start, random.choice(edges), max(start - 90, 0))
        )
        if pauses and pauses[-1][1] is not None and random.random() < 0.3:
            begin = pauses[-1][1]
        end = random.choice(
            (begin + random.randint(0, 3000), begin + random.randint(0, 90), random.choice(edges))
        )
        pauses.append((begin, max(begin, end)))
    if pauses and random.random() < 0.15:
        pauses[-1] = (pauses[-1][0], None)
    random.shuffle(pauses)
    return pauses


def check(case: Case, place: Place, opened: bytearray, calendar: Calendar | None) -> bool:
    """Compare everything that can be asked about one case; whether its deadline was in sight."""
    running = running_minutes(opened, case.pauses)
    start, until = instant(place.first, case.start), instant(place.first, case.until)
    pauses: list[Pause] = [
        (instant(place.first, a), None if b is None else instant(place.first, b)) for a, b in case.pauses
    ]
    walked = walk_to_deadline(running, case.start, case.budget)
    budget = case.budget * MINUTE
    due = deadline(start, budget, pauses, calendar)
    if walked is not None:
        assert due == instant(place.first, walked)
        assert format_instant(due) in explain(start, budget, pauses, calendar)[-1]
    elif any(end is None for _, end in case.pauses):
        assert due is None
    else:
        assert due is not None and due > instant(place.first, HORIZON)
    used = count_running(running, case.start, case.until)
    assert elapsed(start, until, pauses, calendar) == used * MINUTE
    assert remaining(start, budget, until, pauses, calendar) == max(case.budget - used, 0) * MINUTE
    back = walk_back(opened, case.until, case.budget)
    if back is not None:
        assert lead(until, budget, calendar) == instant(place.first, back)
    return walked is not None


@pytest.mark.sampled(one_in=4)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_deadlines_are_those_of_the_walk(batch: int) -> None:
    random = Random(20_260_000 + batch)
    in_sight = 0
    cases_a_place = CASES // BATCHES // PLACES_A_BATCH
    for _ in range(PLACES_A_BATCH):
        place = random_place(random)
        opened = open_minutes(place.source, place.zone, place.first, HORIZON)
        edges = edges_of(opened)
        calendar = Calendar.from_mapping(place.source).in_zone(place.zone) if place.source else None
        for _ in range(cases_a_place):
            case = random_case(random, opened, edges)
            try:
                in_sight += check(case, place, opened, calendar)
            except AssertionError as error:
                raise AssertionError(f"{place} {case}: {error}") from error
    # A comparison with "not in sight" is a weak one; most have to be exact.
    assert in_sight > 0.6 * cases_a_place * PLACES_A_BATCH
