"""How a deadline came about, step by step, in plain words and local times."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from state_machines.calendars import Calendar, Span
from state_machines.calendars.offsets import DAY, offset_changes
from state_machines.calendars.source import WEEKDAYS
from state_machines.instants import as_utc, format_instant
from state_machines.time_errors import InstantError
from state_machines.timeouts.running_time import END_OF_TIME, Pause, checked_budget, merged_pauses, stretches

_MOST_LINES = 60
"""More than a person reads; the middle of a longer story is left out, and the gap is said."""

_Step = tuple[datetime, int, str]
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
    used, left = _used(begin, checked_budget(budget), pauses, calendar)
    known_pauses = [(max(a, begin), b) for a, b in merged_pauses(pauses) if b is None or b > begin]
    if left:
        end = known_pauses[-1][0]  # the open one: without it the budget would be used up
        last = f"No deadline while the pause lasts; {_length(left)} left when it ends."
    else:
        end = used[-1][1] if used else begin
        last = f"Due {_at(end, clock)} ({format_instant(end)})."
    steps = [
        *_use_steps(used, budget, clock),
        *_pause_steps([p for p in known_pauses if p[0] < end or (left and p[1] is None)], calendar, clock),
        *_change_steps(begin, end, clock),
        *(_day_steps(begin, end, calendar, clock) if calendar else ()),
    ]
    kind = f"of business time ({calendar.zone})" if calendar else "around the clock"
    middle = [words for _, _, words in sorted(steps)]
    return [f"Starts {_at(begin, clock)} with {_length(budget)} {kind}.", *_shortened(middle), last]


def _used(
    begin: datetime, budget: timedelta, pauses: Sequence[Pause], calendar: Calendar | None
) -> tuple[list[Span], timedelta]:
    """The stretches in which the clock ran, joined and cut off at the deadline, and what is left then."""
    used: list[Span] = []
    left, paused = budget, True
    for begins, ends in stretches(begin, pauses):
        paused = ends is not None  # after the last stretch, that is
        spans = calendar.intervals(begins, ends) if calendar else iter(((begins, ends or END_OF_TIME),))
        while left and (span := next(spans, None)) is not None:
            opens, closes = span
            taken = min(closes - opens, left)
            used.append((opens, opens + taken))
            left -= taken
        if not left:
            return used, left
    if left and not paused:
        raise InstantError("instant-range", f"{budget} after {begin.isoformat()} is after the year 9999")
    return used, left


def _use_steps(used: list[Span], budget: timedelta, clock: tzinfo) -> Iterator[_Step]:
    left = budget
    for opens, closes in used:
        left -= closes - opens
        span, length = _span(opens, closes, clock), _length(closes - opens)
        yield opens, 3, f"{span}: {length} used, {_length(left)} left."


def _pause_steps(pauses: list[Pause], calendar: Calendar | None, clock: tzinfo) -> Iterator[_Step]:
    for begin, end in pauses:
        if end is None:
            yield begin, 2, f"Paused since {_at(begin, clock)}."
            continue
        lost = calendar.business_time(begin, end) if calendar else end - begin
        what = f"{_length(lost)} of business time" if calendar else _length(lost)
        yield begin, 2, f"Paused {_span(begin, end, clock)}: {what} not counted."


def _change_steps(begin: datetime, end: datetime, clock: tzinfo) -> Iterator[_Step]:
    for change in offset_changes(clock, begin, end):
        way = "forward" if change.after > change.before else "back"
        wall = (change.at + change.before).replace(tzinfo=None)
        words = (
            f"the clocks go {way} by {_length(abs(change.after - change.before))}, to {_at(change.at, clock)}"
        )
        yield change.at, 0, f"{_day(wall.date())} {_time(wall.time())}: {words}."


def _day_steps(begin: datetime, end: datetime, calendar: Calendar, clock: tzinfo) -> Iterator[_Step]:
    """Days out of the ordinary one by one; days without hours in the week as one run."""
    where = calendar.zone or clock
    day, last = begin.astimezone(where).date(), end.astimezone(where).date()
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
            yield _midnight(day, where), 1, f"{_day(day)}: {plan.exception}{hours}."
        day += DAY
    if run:
        yield _idle_step(run, where)


def _idle_step(run: list[date], where: tzinfo) -> _Step:
    days = _day(run[0]) if len(run) == 1 else f"{_day(run[0])} to {_day(run[-1])}"
    return _midnight(run[0], where), 1, f"{days}: no business hours."


def _midnight(day: date, where: tzinfo) -> datetime:
    return datetime.combine(day, time(), where).astimezone(UTC)


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= _MOST_LINES:
        return lines
    first, last = _MOST_LINES * 2 // 3, _MOST_LINES // 3
    return [*lines[:first], f"({len(lines) - first - last} more steps left out here.)", *lines[-last:]]


def _day(day: date) -> str:
    # Not strftime: its names of weekdays depend on the machine's locale.
    return f"{WEEKDAYS[day.weekday()].capitalize()} {day.isoformat()}"


def _time(wall: time) -> str:
    return wall.isoformat(timespec="auto" if wall.second or wall.microsecond else "minutes")


def _at(instant: datetime, clock: tzinfo) -> str:
    local = instant.astimezone(clock)
    return f"{_day(local.date())} {_time(local.time())} {local.tzname()}"


def _span(begin: datetime, end: datetime, clock: tzinfo) -> str:
    first, last = begin.astimezone(clock), end.astimezone(clock)
    if first.date() != last.date() or first.tzname() != last.tzname():
        return f"{_at(begin, clock)} to {_at(end, clock)}"
    return f"{_day(first.date())} {_time(first.time())}-{_time(last.time())} {last.tzname()}"


def _length(length: timedelta) -> str:
    """In hours, minutes and seconds; days would be ambiguous beside business hours."""
    minutes, rest = divmod(length, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    seconds = rest / timedelta(seconds=1)
    parts = (
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{seconds:g} s" if rest else "",
    )
    return " ".join(part for part in parts if part) or "0 min"
