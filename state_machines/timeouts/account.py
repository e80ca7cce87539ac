"""How the deadline of one timer came about, whatever form its timeout has: for a person at a desk.

Nothing is told from memory: the lines are reckoned again from what the timeout says, from what the
subject knew when the timer was set, and from the pauses since. The last line is the deadline.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType

from state_machines.calendars import Calendar
from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts import deadlines
from state_machines.timeouts.explanation import change_steps, day_steps, explain, in_order
from state_machines.timeouts.rule import Form, TimeoutRule
from state_machines.timeouts.wording import at_words, due_words, length_words, span_words
from state_machines.values.instants import as_utc
from state_machines.values.time_errors import DurationError, TimeError


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
    lines = _FORMS[rule.form](rule, timer, view, hours, clock)
    if where is not None and hours is not None and hours.zone is not None and timer.due_at is not None:
        there = at_words(timer.due_at, hours.zone)
        if there != at_words(timer.due_at, where):
            lines.append(f"In {hours.zone}, whose business hours count, that is {there}.")
    return lines


_Maker = Callable[[TimeoutRule, Timer, View, Calendar | None, tzinfo], list[str]]


def _after(rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo) -> list[str]:
    budget = timer.budget if timer.budget is not None else rule.length(rule.value, view)
    if budget is None:
        raise DurationError("not-a-duration", f"{rule.name} gives no duration any more")
    return explain(timer.set_at, budget, timer.pauses, hours, clock)


def _at(rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo) -> list[str]:
    if timer.budget is not None:
        return _paused_instant(timer, hours, clock)
    target = _target(rule, view)
    return [
        f"Set {at_words(timer.set_at, clock)} for the instant that {rule.written} gives: "
        f"{at_words(target, clock)}.",
        *in_order(change_steps(timer.set_at, target, clock)),
        *_past(target, timer),
        due_words(target, clock),
    ]


def _before(rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo) -> list[str]:
    if timer.budget is not None:
        return _paused_instant(timer, hours, clock)
    target = _target(rule, view)
    if rule.share is not None:
        return _by_share(rule, rule.share, timer, target, hours, clock)
    lead = None if rule.lead is None else rule.length(rule.lead, view)
    if lead is None:
        raise DurationError("not-a-duration", f"{rule.name} gives no lead any more")
    due_at = deadlines.lead(target, lead, hours)
    return [
        f"Set {at_words(timer.set_at, clock)} for {length_words(lead)} {_kind(hours)} "
        f"before the instant that {rule.written} gives: {at_words(target, clock)}.",
        *_counted_back(due_at, target, hours, clock),
        *_past(due_at, timer),
        due_words(due_at, clock),
    ]


def _by_share(
    rule: TimeoutRule, share: float, timer: Timer, target: datetime, hours: Calendar | None, clock: tzinfo
) -> list[str]:
    span = deadlines.elapsed(timer.set_at, target, (), hours)
    part = span * share
    return [
        f"Set {at_words(timer.set_at, clock)} for {share:.4g} of the way to the instant that "
        f"{rule.written} gives: {at_words(target, clock)}.",
        f"Up to there are {length_words(span)} {_kind(hours)}; {share:.4g} of that is {length_words(part)}.",
        *explain(timer.set_at, part, (), hours, clock),
    ]


def _every(rule: TimeoutRule, timer: Timer, view: View, hours: Calendar | None, clock: tzinfo) -> list[str]:
    interval = rule.length(rule.value, view)
    if interval is None:
        raise DurationError("not-a-duration", f"{rule.name} gives no interval any more")
    first = (
        f"Every {length_words(interval)} around the clock, counted from {at_words(timer.set_at, clock)} on, "
        "so that lateness does not add up."
    )
    if timer.due_at is None:
        return [first, f"Paused since {at_words(timer.pauses[-1][0], clock)}; no tick while the pause lasts."]
    number = (timer.due_at - as_utc(timer.set_at)) // interval
    return [
        first,
        *in_order(change_steps(timer.set_at, timer.due_at, clock)),
        f"Number {number}: {length_words(number * interval)} after the start.",
        due_words(timer.due_at, clock),
    ]


_FORMS: Mapping[Form, _Maker] = MappingProxyType(
    {Form.AFTER: _after, Form.AT: _at, Form.BEFORE: _before, Form.EVERY: _every}
)


def _paused_instant(timer: Timer, hours: Calendar | None, clock: tzinfo) -> list[str]:
    """An instant that pauses have moved: what lay before it when it was set is its budget."""
    budget = timer.budget or timedelta(0)
    return explain(timer.set_at, budget, timer.pauses, hours, clock)


def _target(rule: TimeoutRule, view: View) -> datetime:
    target = rule.instant(view)
    if target is None:
        raise TimeError("not-an-instant", f"{rule.name} gives no instant any more")
    return target


def _kind(hours: Calendar | None) -> str:
    return f"of business time ({hours.zone})" if hours else "around the clock"


def _counted_back(due_at: datetime, target: datetime, hours: Calendar | None, clock: tzinfo) -> list[str]:
    """The stretches of business time between the two, and what lies out of the ordinary among them."""
    changes = list(change_steps(due_at, target, clock))
    if hours is None:
        return in_order(changes)
    spans = [
        (opens, 3, f"{span_words(opens, closes, clock)}: {length_words(closes - opens)} of the lead.")
        for opens, closes in hours.intervals(due_at, target)
    ]
    return in_order([*changes, *spans, *day_steps(due_at, target, hours, clock)])


def _past(due_at: datetime, timer: Timer) -> list[str]:
    return ["That was past already when it was set, so it is due at once."] if due_at < timer.set_at else []
