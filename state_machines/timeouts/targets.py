"""What the kinds have in common that aim at an instant."""

from datetime import datetime, timedelta, tzinfo

from state_machines.calendars import Calendar
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.explanation import explain
from state_machines.timeouts.rule import TimeoutRule
from state_machines.timeouts.texts import instant_of
from state_machines.values.time_errors import TimeError


def with_budget(
    rule: TimeoutRule, set_at: datetime, due_at: datetime, hours: Calendar | None
) -> tuple[datetime, timedelta | None]:
    """An instant that a timer is due at, and what lies before it: its budget, if it can pause."""
    return due_at, deadlines.elapsed(set_at, due_at, (), hours) if rule.paused_in else None


def target_of(rule: TimeoutRule, instant: Expression, view: View) -> datetime:
    """The instant that a timer was set for, UTC.

    Raises:
        ExpressionError, TimeError: it cannot be found, or there is none any more.
    """
    target = instant_of(instant, view)
    if target is None:
        raise TimeError("not-an-instant", f"{rule.name} gives no instant any more")
    return target


def told_as_budget(timer: Timer, budget: timedelta, hours: Calendar | None, clock: tzinfo) -> list[str]:
    """How the deadline came about of a timer whose instant pauses move: by its budget."""
    return explain(timer.set_at, budget, timer.pauses, hours, clock)


def past_words(due_at: datetime, timer: Timer) -> list[str]:
    """That an instant was past when its timer was set, if it was."""
    return ["That was past already when it was set, so it is due at once."] if due_at < timer.set_at else []
