"""Which timers a decision sets and cancels.

A timer belongs to the scope of its timeout: it is set when the subject enters the scope, kept while
it moves about inside, cancelled when it leaves. Whatever a decision sets, be it anew, paused, resumed
or for the next tick, bears the number of that decision as its `setting`.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts.rule import TimeoutRule


class Crossing(NamedTuple):
    """What a way from state to state means for one timeout, whoever goes it.

    Attributes:
        rule: the timeout.
        name: its name.
        leaves: its scope does not hold where the way ends.
        enters: the timer is to be set anew: the scope is entered, or it is told to restart.
        pauses: where the way ends, it stands still.
    """

    rule: TimeoutRule
    name: str
    leaves: bool
    enters: bool
    pauses: bool


class TimerChanges(NamedTuple):
    """Timers to set, and names of timers that are no more."""

    to_set: tuple[Timer, ...]
    cancelled: tuple[str, ...]


def crossings(
    rules: Iterable[TimeoutRule], source: str, dest: str, moved: bool, restart: Collection[str]
) -> tuple[Crossing, ...]:
    """What a way means for each timeout that runs where it begins or where it ends.

    Args:
        rules: the timeouts of the lifecycle.
        source, dest: the states before and after.
        moved: whether `source` is left, if only to enter it again.
        restart: names of timeouts to set anew.
    """
    return tuple(
        Crossing(
            rule,
            rule.name,
            dest not in rule.scope,
            rule.name in restart
            or (moved and (source not in rule.scope or (source == dest and len(rule.scope) == 1))),
            dest in rule.paused_in,
        )
        for rule in rules
        if source in rule.scope or dest in rule.scope
    )


def change_timers(
    way: Iterable[Crossing], timers: Mapping[str, Timer], fired: str | None, view: View
) -> TimerChanges:
    """What becomes of a subject's timers.

    Args:
        way: what the way means for each timeout.
        timers: its timers before.
        fired: name of the timer that gave the trigger, or None.
        view: what expressions see, after the change.

    Raises:
        ExpressionError, DecisionError: the instant of a timer cannot be found.
    """
    to_set: list[Timer] = []
    cancelled: list[str] = []
    for one in way:
        held = timers.get(one.name)
        if one.leaves:
            timer = None
        elif one.enters:
            timer = _anew(one, view)
        elif held is None:
            continue
        elif fired == one.name:
            timer = _again(one, held, view)
        elif (held.due_at is None) != one.pauses:
            timer = _paused_or_resumed(one, held, view)
        else:
            continue
        if timer is not None:
            to_set.append(timer)
        elif held is not None:
            cancelled.append(one.name)
    return TimerChanges(tuple(to_set), tuple(cancelled))


def _anew(one: Crossing, view: View) -> Timer | None:
    rule, now = one.rule, view.now
    if rule.when is not None and not rule.when.holds(view):
        return None
    found = rule.due(view, now)
    if found is None:
        return None
    due_at, budget = found
    if one.pauses:
        return Timer(one.name, view.number, now, None, budget, ((now, None),))
    return Timer(one.name, view.number, now, due_at, budget)


def _again(one: Crossing, held: Timer, view: View) -> Timer | None:
    """What fired is gone, unless it repeats."""
    if not one.rule.repeats:
        return None
    if one.pauses:
        return _paused(held, view)
    due_at = one.rule.tick(view, held.set_at, view.now)
    return None if due_at is None else held._replace(setting=view.number, due_at=due_at)


def _paused_or_resumed(one: Crossing, held: Timer, view: View) -> Timer | None:
    if one.pauses:
        return _paused(held, view)
    begun = held.pauses[-1][0]
    # A machine's clock may have been set back meanwhile; a pause does not end before it begins.
    pauses = (*held.pauses[:-1], (begun, max(begun, view.now)))
    resumed = held._replace(setting=view.number, pauses=pauses)
    due_at = one.rule.resumed(resumed, view)
    return None if due_at is None else resumed._replace(due_at=due_at)


def _paused(held: Timer, view: View) -> Timer:
    return held._replace(setting=view.number, due_at=None, pauses=(*held.pauses, (view.now, None)))
