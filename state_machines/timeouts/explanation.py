"""How a deadline came about, step by step, in plain words and local times."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from state_machines.calendars import Calendar, Span
from state_machines.calendars.offsets import DAY, offset_changes
from state_machines.timeouts.running_time import (
    END_OF_TIME,
    Pause,
    checked_budget,
    merged_pauses,
    stretches,
)
from state_machines.timeouts.wording import (
    at_words,
    day_words,
    due_words,
    length_words,
    span_words,
    time_kind_words,
    time_words,
)
from state_machines.values.instants import as_utc
from state_machines.values.time_errors import InstantError

_TOLD = timedelta(days=3_660)
"""Ten years: what comes later is not told day by day, and a deadline there not looked for by days."""

_MOST_LINES = 60
"""More than a person reads; the middle of a longer story is left out, and the gap is said."""

Step = tuple[datetime, int, str]
"""When, rank among steps of the same instant, and the words."""


def explain(
    start: datetime,
    budget: timedelta,
    pauses: Sequence[Pause] = (),
    calendar: Calendar | None = None,
    zone: tzinfo | None = None,
) -> list[str]:
    """What happened on the way from `start` to the deadline of `budget`, one sentence a line.

    Every stretch of business time used, every pause, every day out of the ordinary or without
    business hours, every change of the clocks; first the start, last the deadline. Local times are
    those of `zone`, else of the calendar, else UTC.

    Raises:
        NeverOpen, PauseError, InstantError: as `deadlines.deadline`.
    """
    clock = zone or (calendar.zone if calendar else None) or UTC
    begin = as_utc(start)
    used, left, end = _used(begin, checked_budget(budget), pauses, calendar)
    known_pauses = [(max(a, begin), b) for a, b in merged_pauses(pauses) if b is None or b > begin]
    if left:
        end = known_pauses[-1][0]  # the open one: without it the budget would be used up
        last = f"No deadline while the pause lasts; {length_words(left)} left when it ends."
    else:
        last = due_words(end, clock)
    steps = [
        *_wait_step(begin, used, known_pauses, clock),
        *_use_steps(used, budget, clock),
        *_pause_steps([p for p in known_pauses if p[0] < end or (left and p[1] is None)], calendar, clock),
        *change_steps(begin, end, clock),
        *(day_steps(begin, end, calendar, clock) if calendar else ()),
    ]
    kind = time_kind_words(calendar)
    first = f"Starts {at_words(begin, clock)} with {length_words(budget)} {kind}."
    return [first, *in_order(steps), last]


def in_order(steps: Iterable[Step]) -> list[str]:
    """Steps as lines, the earliest first, and no more of them than a person reads."""
    return shortened([words for _, _, words in sorted(steps)])


def _used(
    begin: datetime, budget: timedelta, pauses: Sequence[Pause], calendar: Calendar | None
) -> tuple[list[Span], timedelta, datetime]:
    """The stretches in which the clock ran, joined and cut off at the deadline, what is left then, and when.

    Of those that lie further off than what is told the last is left out.
    """
    used: list[Span] = []
    left, paused = budget, True
    for begins, ends in stretches(begin, pauses):
        paused, at_first = ends is not None, left  # the first of them after the last stretch, that is
        spans = calendar.intervals(begins, ends) if calendar else iter(((begins, ends or END_OF_TIME),))
        while left and (span := next(spans, None)) is not None:
            opens, closes = span
            if calendar is not None and ends is None and opens - begin > _TOLD:
                return used, timedelta(0), calendar.add(begins, at_first)
            taken = min(closes - opens, left)
            used.append((opens, opens + taken))
            left -= taken
        if not left:
            return used, left, used[-1][1] if used else begin
    if left and not paused:
        raise InstantError("instant-range", f"{budget} after {begin.isoformat()} is after the year 9999")
    return used, left, used[-1][1] if used else begin


def _wait_step(begin: datetime, used: list[Span], pauses: list[Pause], clock: tzinfo) -> Iterator[Step]:
    """Why nothing is used at first, if it is closed at the start (a pause then speaks for itself)."""
    if used and begin < used[0][0] and not any(since <= begin for since, _ in pauses):
        opens = at_words(used[0][0], clock)
        yield begin, 0, f"{at_words(begin, clock)} is outside business hours; the time runs from {opens} on."


def _use_steps(used: list[Span], budget: timedelta, clock: tzinfo) -> Iterator[Step]:
    left = budget
    for opens, closes in used:
        left -= closes - opens
        span, length = span_words(opens, closes, clock), length_words(closes - opens)
        yield opens, 3, f"{span}: {length} used, {length_words(left)} left."


def _pause_steps(pauses: list[Pause], calendar: Calendar | None, clock: tzinfo) -> Iterator[Step]:
    for begin, end in pauses:
        if end is None:
            yield begin, 2, f"Paused since {at_words(begin, clock)}."
            continue
        lost = calendar.business_time(begin, end) if calendar else end - begin
        what = f"{length_words(lost)} of business time" if calendar else length_words(lost)
        yield begin, 2, f"Paused {span_words(begin, end, clock)}: {what} not counted."


def change_steps(begin: datetime, end: datetime, clock: tzinfo) -> Iterator[Step]:
    """The changes of the clocks of a zone on the way."""
    told = told_until(begin, end)
    for change in offset_changes(clock, begin, told):
        way = "forward" if change.after > change.before else "back"
        wall = (change.at + change.before).replace(tzinfo=None)
        when = f"{day_words(wall.date())} {time_words(wall.time())}"
        by = length_words(abs(change.after - change.before))
        yield change.at, 0, f"{when}: the clocks go {way} by {by}, to {at_words(change.at, clock)}."
    if told < end:
        yield told, 4, f"What comes after {at_words(told, clock)} is not told day by day."


def told_until(begin: datetime, end: datetime) -> datetime:
    """Up to when the way from `begin` to `end` is told."""
    return min(end, begin + _TOLD) if end - begin > _TOLD else end


def day_steps(begin: datetime, end: datetime, calendar: Calendar, clock: tzinfo) -> Iterator[Step]:
    """Days out of the ordinary one by one; days without hours in the week as one run."""
    where = calendar.zone or clock
    day, last = begin.astimezone(where).date(), told_until(begin, end).astimezone(where).date()
    run: list[date] = []
    while day <= last:
        plan = calendar.plan(day)
        idle = plan.exception is None and not plan.blocks
        if run and not idle:
            yield _idle_step(run, where)
            run = []
        if idle:
            run.append(day)
        elif plan.exception is not None:
            hours = f" {', '.join(map(str, plan.blocks))}" if plan.blocks else ""
            yield _midnight(day, where), 1, f"{day_words(day)}: {plan.exception}{hours}."
        day += DAY
    if run:
        yield _idle_step(run, where)


def _idle_step(run: list[date], where: tzinfo) -> Step:
    days = day_words(run[0]) if len(run) == 1 else f"{day_words(run[0])} to {day_words(run[-1])}"
    return _midnight(run[0], where), 1, f"{days}: no business hours."


def _midnight(day: date, where: tzinfo) -> datetime:
    return datetime.combine(day, time(), where).astimezone(UTC)


def shortened(lines: list[str]) -> list[str]:
    """Of more lines than a person reads the first and the last, and how many are left out between."""
    if len(lines) <= _MOST_LINES:
        return lines
    first, last = _MOST_LINES * 2 // 3, _MOST_LINES // 3
    return [*lines[:first], f"({len(lines) - first - last} more steps left out here.)", *lines[-last:]]
