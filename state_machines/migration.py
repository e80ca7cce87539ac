"""Moving a subject to another version of its lifecycle: as pure as `decide`, and as much a step of its own.

What it knows stays. Its state is the one of the same name, or the one that whoever asked for it named. Of its
timers

* one whose timeout says the same in both versions goes on as it stands,
* one whose timeout says something else, or belongs to another state, is reckoned anew from now,
* one that the new version does not know there is cancelled,
* one that the new version alone knows there is set from now. What has fired before is not set again.

Nothing is sent, and no effect of entering a state is asked for: the subject was there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from state_machines.decide import apply_decision
from state_machines.decision import Decision, Event, Outcome
from state_machines.definitions.data_rules import DataRule
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import Problem
from state_machines.expressions.view import View
from state_machines.subject import INITIAL, Subject
from state_machines.timeouts.timer_changes import Crossing, TimerChanges, change_timers

TRIGGER = "migrate"
"""What the ledger calls such a step."""
_MOST_SAID = 10


class TimerPlan(NamedTuple):
    """What becomes of the timeouts of one state: names of those that go on, are reckoned anew, are cancelled,
    and are set for the first time.
    """

    kept: tuple[str, ...]
    anew: tuple[str, ...]
    cancelled: tuple[str, ...]
    first: tuple[str, ...]


def wrong_states(old: Lifecycle, new: Lifecycle, states: Mapping[str, str]) -> list[Problem]:
    """What cannot be of the states that somebody named for those that the new version does not have."""
    problems = []
    for source, dest in states.items():
        if source not in old.states:
            known = ", ".join(old.states)
            problems.append(Problem("states", "unknown-state", f"{source!r} is no state of the old: {known}"))
        elif dest not in new.states:
            known = ", ".join(new.states)
            problems.append(Problem("states", "unknown-state", f"{dest!r} is no state of the new: {known}"))
    return problems


def unfit_state(old: Lifecycle, new: Lifecycle, state: str, states: Mapping[str, str]) -> str | None:
    """Why subjects in this state cannot be moved, as a refusal says it; None where they can."""
    if state == INITIAL or state in old.final_states:
        return f"ended: it is {state!r}, in which nothing follows"
    dest = states.get(state, state)
    if dest not in new.states:
        return f"no-such-state: version {new.version} has no state {dest!r}, and none was named for it"
    if dest in new.final_states:
        return f"would-end: {dest!r} is an end in version {new.version}"
    return None


def timer_plan(old: Lifecycle, new: Lifecycle, source: str, dest: str) -> TimerPlan:
    """What becomes of the timeouts of a subject that goes from `source` of the old to `dest` of the new."""
    before = {name for name, rule in old.timeouts.items() if source in rule.scope}
    after = {name for name, rule in new.timeouts.items() if dest in rule.scope}
    said, says = old.declared_timeouts(), new.declared_timeouts()
    alike = {name for name in before & after if said[name] == says[name]}
    return TimerPlan(
        *(tuple(sorted(some)) for some in (alike, (before & after) - alike, before - after, after - before))
    )


def migrate(old: Lifecycle, new: Lifecycle, subject: Subject, event: Event, now: datetime) -> Decision:
    """What is answered to the wish that a subject lives by another version from now on.

    Args:
        old: the version that it lives by.
        new: that which it is to live by.
        event: `from` and `to` are the versions that were meant, `states` the states that were named.

    Raises:
        ExpressionError, DecisionError: the instant of a timer cannot be found.
    """
    states: Mapping[str, str] = event.data.get("states") or {}
    if subject.version != event.data.get("from"):
        return _refused(subject, event, f"other-version: it lives by version {subject.version}")
    unfit = unfit_state(old, new, subject.state, states)
    if unfit is not None:
        return _refused(subject, event, unfit)
    data = {**new.defaults, **subject.data}
    declared = new.definition.data
    rule = DataRule(declared, partly=True)
    problems = rule.problems({name: value for name, value in data.items() if name in declared})
    if problems:
        said = "; ".join(
            f"data.{one.field.removeprefix('data.')} [{one.rule}]" for one in problems[:_MOST_SAID]
        )
        return _refused(subject, event, f"misfits: {said}")
    dest = states.get(subject.state, subject.state)
    view = View(subject, event, event.data, data, now, new.names)
    view.state = dest
    changes = _timers(timer_plan(old, new, subject.state, dest), new, subject, dest, view)
    moved = Outcome.STAYED if dest == subject.state else Outcome.MOVED
    return Decision(moved, event.trigger, subject.state, dest, data, changes.to_set, changes.cancelled)


def apply_migration(
    subject: Subject, event: Event, decision: Decision, new: Lifecycle, now: datetime
) -> Subject:
    """The subject after that; it lives by the new version, unless it was refused."""
    after = apply_decision(subject, event, decision, now)
    return after if decision.outcome is Outcome.REFUSED else after._replace(version=new.version)


def _timers(plan: TimerPlan, new: Lifecycle, subject: Subject, dest: str, view: View) -> TimerChanges:
    held = subject.timers
    wanted = [*(name for name in plan.anew if name in held), *plan.first]
    crossings = [
        Crossing(new.timeouts[name], name, False, True, dest in new.timeouts[name].paused_in)
        for name in wanted
    ]
    stays = [
        Crossing(new.timeouts[name], name, False, False, dest in new.timeouts[name].paused_in)
        for name in plan.kept
    ]
    changes = change_timers([*crossings, *stays], held, None, view)
    known = {*plan.kept, *wanted}
    gone = tuple(sorted(name for name in held if name not in known))
    return TimerChanges(changes.to_set, (*changes.cancelled, *gone))


def _refused(subject: Subject, event: Event, reason: str) -> Decision:
    return Decision(
        Outcome.REFUSED, event.trigger, subject.state, subject.state, subject.data, (), (), (), reason
    )
