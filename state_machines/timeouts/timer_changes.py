"""Which timers a decision sets and cancels.

A timer belongs to the scope of its timeout: it is set when the subject enters the scope, kept while
it moves about inside, cancelled when it leaves. Whatever a decision sets, be it anew, paused, resumed
or for the next tick, bears the number of that decision as its `setting`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from state_machines.expressions.view import View
from state_machines.subject import Timer
from state_machines.timeouts.rule import TimeoutRule


@dataclass(frozen=True, slots=True)
class Passage:
    """How a decision leads from state to state.

    Attributes:
        source, dest: the states before and after.
        moved: whether `source` is left, if only to enter it again.
        restart: names of timeouts to set anew.
        fired: name of the timer that gave the trigger, or None.
        seq: number of the decision.
    """

    source: str
    dest: str
    moved: bool
    restart: Collection[str]
    fired: str | None
    seq: int

    def enters(self, rule: TimeoutRule) -> bool:
        """Whether the timer is to be set anew: its scope is entered, or it is told to restart."""
        if rule.name in self.restart:
            return True
        if not self.moved:
            return False
        return self.source not in rule.scope or (self.source == self.dest and len(rule.scope) == 1)


@dataclass(slots=True)
class TimerChanges:
    """Timers to set, and names of timers that are no more."""

    to_set: list[Timer]
    cancelled: list[str]

    def put(self, name: str, held: Timer | None, timer: Timer | None) -> None:
        """In the place of the timer `held` there is now `timer`."""
        if timer is not None:
            self.to_set.append(timer)
        elif held is not None:
            self.cancelled.append(name)


def change_timers(
    rules: Mapping[str, TimeoutRule], timers: Mapping[str, Timer], passage: Passage, view: View
) -> TimerChanges:
    """What becomes of a subject's timers.

    Args:
        rules: the timeouts of its lifecycle.
        timers: its timers before.
        passage: the way it goes.
        view: what expressions see, after the change.

    Raises:
        ExpressionError, DecisionError: the instant of a timer cannot be found.
    """
    changes = TimerChanges([], [])
    for name, rule in rules.items():
        held = timers.get(name)
        if passage.dest not in rule.scope:
            changes.put(name, held, None)
        elif passage.enters(rule):
            changes.put(name, held, _anew(rule, passage, view))
        elif held is None:
            continue
        elif passage.fired == name:
            changes.put(name, held, _again(rule, held, passage, view))
        elif (held.due_at is None) != (passage.dest in rule.paused_in):
            changes.put(name, held, _paused_or_resumed(rule, held, passage, view))
    return changes


def _anew(rule: TimeoutRule, passage: Passage, view: View) -> Timer | None:
    if not rule.wanted(view):
        return None
    found = rule.due(view, view.now)
    if found is None:
        return None
    due_at, budget = found
    if passage.dest in rule.paused_in:
        return Timer(rule.name, passage.seq, view.now, None, budget, ((view.now, None),))
    return Timer(rule.name, passage.seq, view.now, due_at, budget)


def _again(rule: TimeoutRule, held: Timer, passage: Passage, view: View) -> Timer | None:
    """What fired is gone, unless it repeats."""
    if not rule.repeats:
        return None
    if passage.dest in rule.paused_in:
        return _paused(held, passage.seq, view.now)
    due_at = rule.tick(view, held.set_at, view.now)
    return None if due_at is None else held._replace(setting=passage.seq, due_at=due_at)


def _paused_or_resumed(rule: TimeoutRule, held: Timer, passage: Passage, view: View) -> Timer | None:
    if passage.dest in rule.paused_in:
        return _paused(held, passage.seq, view.now)
    begun = held.pauses[-1][0]
    # A machine's clock may have been set back meanwhile; a pause does not end before it begins.
    pauses = (*held.pauses[:-1], (begun, max(begun, view.now)))
    resumed = held._replace(setting=passage.seq, pauses=pauses)
    due_at = rule.resumed(resumed, view)
    return None if due_at is None else resumed._replace(due_at=due_at)


def _paused(held: Timer, seq: int, now: datetime) -> Timer:
    return held._replace(setting=seq, due_at=None, pauses=(*held.pauses, (now, None)))
