"""How a deadline of weeks and working days came about: which days count, and which do not, and why."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from state_machines.calendars import Calendar
from state_machines.calendars.working_days import NO_HOURS, add_length, counted_days
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.explanation import Step, change_steps, day_steps, explain, in_order, told_until
from state_machines.timeouts.wording import (
    at_words,
    counted_words,
    day_words,
    due_words,
    length_words,
    time_words,
)
from state_machines.values.durations import CalendarLength

_LEAST = timedelta(microseconds=1)
_MOST_DAYS = 3_660
"""Working days that are counted one by one, as many as the way that is told has at most."""


def explain_days(timer: Timer, length: CalendarLength, hours: Calendar, clock: tzinfo) -> list[str]:
    """From the setting of a timer over each day that does not count to its deadline, one sentence a line.

    Raises:
        NeverOpen, PauseError, InstantError: as when it was set.
    """
    start = timer.set_at
    due_at = deadlines.after(start, length, hours)
    days_end = add_length(hours, start, length._replace(time=timedelta(0)))
    lines = [
        f"Starts {at_words(start, clock)} with {counted_words(length, hours)}.",
        *_beginning(start, hours, clock),
        *in_order(
            {
                *change_steps(start, due_at, clock),
                *_closed_days(start, hours.next_open(start), hours, clock),
                *_days_left_out(start, length, hours, told_until(start, due_at)),
                *_closed_days(hours.last_open(days_end - _LEAST), days_end, hours, clock),
            }
        ),
        *_reached(start, length, days_end, hours, clock),
    ]
    if length.time:
        lines += explain(days_end, length.time, (), hours, clock)[1:-1]
    if not timer.pauses:
        return [*lines, due_words(due_at, clock)]
    budget = timer.budget or timedelta(0)
    lines.append(
        f"Without pauses that is {at_words(due_at, clock)}, {length_words(budget)} of business time from the "
        "start; a pause moves it by the business time in it."
    )
    lines += explain(start, budget, timer.pauses, hours, clock)[1:-1]
    moved = deadlines.resumed(start, length, budget, timer.pauses, hours)
    if moved is None:
        return [*lines, explain(start, budget, timer.pauses, hours, clock)[-1]]
    return [*lines, due_words(moved, clock)]


def _beginning(start: datetime, hours: Calendar, clock: tzinfo) -> Iterator[str]:
    opens = hours.next_open(start)
    if opens != start:
        begins = at_words(opens, clock)
        yield f"{at_words(start, clock)} is outside business hours; the first day begins {begins}."


def _days_left_out(
    start: datetime, length: CalendarLength, hours: Calendar, until: datetime
) -> Iterator[Step]:
    """The dates that do not count; those without hours in the week as one run."""
    if length.weeks:
        start = add_length(hours, start, CalendarLength(length.weeks, 0, timedelta(0)))
    run: list[date] = []
    for day, why in counted_days(hours, start, min(length.days, _MOST_DAYS)):
        if why == NO_HOURS:
            run.append(day)
            continue
        if run:
            yield _left_out(run, NO_HOURS, hours)
            run = []
        if why is not None:
            yield _left_out([day], why, hours)
        if _midnight(day, hours) > until:
            return


def _closed_days(begin: datetime, end: datetime, hours: Calendar, clock: tzinfo) -> Iterator[Step]:
    """The dates without hours between the two, if there are any."""
    if end - begin > _LEAST:
        yield from day_steps(begin, end, hours, clock)


def _left_out(run: list[date], why: str, hours: Calendar) -> Step:
    days = day_words(run[0]) if len(run) == 1 else f"{day_words(run[0])} to {day_words(run[-1])}"
    verb = "does" if len(run) == 1 else "do"
    return _midnight(run[0], hours), 1, f"{days} {verb} not count: {why}."


def _reached(
    start: datetime, length: CalendarLength, end: datetime, hours: Calendar, clock: tzinfo
) -> Iterator[str]:
    """Where weeks and days lead, and whether at the same time of day."""
    where = hours.zone or clock
    begun, ended = hours.next_open(start).astimezone(where), end.astimezone(where)
    counted = counted_words(length._replace(time=timedelta(0)), None)
    if begun.time() == ended.time():
        yield f"{counted} later it is {at_words(end, clock)}, the same time of day."
    else:
        yield (
            f"{counted} later it is closed at {time_words(begun.time())}; the next block begins "
            f"{at_words(end, clock)}."
        )


def _midnight(day: date, hours: Calendar) -> datetime:
    return datetime.combine(day, time(), hours.zone).astimezone(UTC)
