"""How the deadline of one timer came about, whatever kind its timeout is of: for a person at a desk.

Nothing is told from memory: the lines are reckoned again from what the timeout says, from what the
subject knew when the timer was set, and from the pauses since. The last line is the deadline.
"""

from datetime import UTC, tzinfo

from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts.rule import TimeoutRule
from state_machines.timeouts.wording import at_words


def account(rule: TimeoutRule, timer: Timer, view: View, where: tzinfo | None = None) -> list[str]:
    """One sentence a line, from the setting of a timer to its deadline.

    Args:
        rule: its timeout.
        timer: as it stands, or as it stood last.
        view: what expressions saw at the decision that set, paused or resumed it last, after the change.
        where: the zone of the local times; None: that of the timeout's calendar, else UTC.

    Raises:
        ExpressionError, DecisionError, TimeError: the instant cannot be found, as when it was set.
    """
    hours = rule.hours(view)
    clock = where or (hours.zone if hours else None) or UTC
    lines = rule.kind.account(rule, timer, view, hours, clock)
    if where is not None and hours is not None and hours.zone is not None and timer.due_at is not None:
        there = at_words(timer.due_at, hours.zone)
        if there != at_words(timer.due_at, where):
            lines.append(f"In {hours.zone}, whose business hours count, that is {there}.")
    return lines
