"""decide(lifecycle, subject, event, now) -> Decision: the functional core.

The same arguments give the same decision, always; nothing outside them is read, nothing is changed.
What cannot apply now is refused with a reason; what the definition itself gets wrong is raised.
"""

from collections.abc import Mapping
from datetime import datetime

from transitions import MachineError

from state_machines.decision import Decision, Effect, EmitEvent, Event, Outcome
from state_machines.definitions.data_rules import MORE_PROBLEMS
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.machine import Attempt
from state_machines.definitions.senders import refused_sender
from state_machines.definitions.transition_rules import refusal
from state_machines.definitions.ways import Way
from state_machines.effects.number import MOST, check_number
from state_machines.errors import DecisionError, Problem
from state_machines.expressions.view import View
from state_machines.subject import INITIAL, Subject, Timer
from state_machines.timeouts.timer_changes import TimerChanges, change_timers, crossings

NO_CHANGES = TimerChanges((), ())
CHANGED = "changed"
"""The rule by which an event is refused that says what it expects, where the subject has gone on since."""
_MOST_SAID = 10
"""Problems with an event's data that the reason of its refusal names."""


def decide(
    lifecycle: Lifecycle, subject: Subject, event: Event, now: datetime, *, asking: bool = True
) -> Decision:
    """What a lifecycle answers to an event about a subject.

    Args:
        lifecycle: the version that the subject lives through.
        subject: as the ledger leaves it.
        event: from outside, or of a timer that fired.
        now: the instant of the decision, UTC.
        asking: whether its effects are wanted, too; what becomes of the subject does not depend on them.

    Raises:
        ExpressionError: an expression of the definition failed on these data.
        DecisionError: the definition led to something that must not be, such as a condition that
            is neither true nor false, or a broken promise told by a robot.
    """
    if event.timer is not None and _is_stale(subject, event):
        return _refused(
            subject, event, f"stale-timer: the timer {event.timer!r} was cancelled, paused or set anew"
        )
    if event.expected_revision is not None and event.expected_revision != subject.revision:
        message = f"revision {event.expected_revision} was expected, and it is {subject.revision}"
        return _refused(subject, event, f"{CHANGED}: {message}")
    if subject.state not in lifecycle.possible:
        message = f"{lifecycle.name} version {lifecycle.version} has no state {subject.state!r}"
        raise DecisionError("subject.state", "unknown-state", message)
    rule = lifecycle.data_rules.get(event.trigger)
    data = subject.data
    if subject.state == INITIAL and lifecycle.defaults:
        data = {**lifecycle.defaults, **data}
    event_data = event.data if rule is None else rule.with_defaults(event.data)
    view = View(subject, event, event_data, data, now, lifecycle.names)
    problems = [] if rule is None else rule.problems(event.data)
    if event.sender is not None:
        unheard = refused_sender(lifecycle.senders, event.trigger, event.sender)
        if unheard is not None:
            return _refusal(lifecycle, subject, event, view, f"from: {unheard}")
    if problems:
        return _refusal(lifecycle, subject, event, view, f"event-data: {_listed(problems)}")
    attempt = Attempt(subject.state, view)
    if event.trigger not in lifecycle.machine.events:
        return _refusal(lifecycle, subject, event, view, _impossible(lifecycle, subject, event))
    try:
        lifecycle.machine.events[event.trigger].trigger(attempt)
    except MachineError:
        return _refusal(lifecycle, subject, event, view, _impossible(lifecycle, subject, event))
    if attempt.taken is None:
        return _refusal(lifecycle, subject, event, view, f"guard: {refusal(attempt.failed, view)}")
    return _taken(subject, event, attempt.taken, view, asking)


def _listed(problems: list[Problem]) -> str:
    """The first of them, each by field and rule; their messages quote what was sent, which may be personal.

    A reason is kept for ever, and a sender's list may be endless.
    """
    more = f"; and {len(problems) - _MOST_SAID} more" if len(problems) > _MOST_SAID else ""
    if problems[-1].rule == MORE_PROBLEMS:
        more = "; and more"
    return "; ".join(f"{one.field} [{one.rule}]" for one in problems[:_MOST_SAID]) + more


def _is_stale(subject: Subject, event: Event) -> bool:
    held = subject.timers.get(event.timer or "")
    return held is None or held.setting != event.setting or held.due_at is None


def _impossible(lifecycle: Lifecycle, subject: Subject, event: Event) -> str:
    possible = ", ".join(lifecycle.possible[subject.state]) or "nothing"
    asked = f"{event.trigger!r} is not possible in the state {subject.state!r}"
    return f"impossible-now: {asked}; possible now: {possible}"


def _taken(subject: Subject, event: Event, way: Way, view: View, asking: bool) -> Decision:
    data = way.rule.changed(view)
    view = view.after(data, way.dest)
    asked: list[Effect] = []
    for rule in way.effects if asking else ():
        asked += rule.ask(view)
        check_number(asked, f"{way.rule.field}.effects", MOST)
    effects = tuple(asked)
    if len(effects) > 1:
        _check_openings(effects, way.rule.field)
    timers_set, timers_cancelled = change_timers(way.crossings, subject.timers, event.timer, view)
    return Decision(
        way.outcome, event.trigger, way.source, way.dest, data, timers_set, timers_cancelled, effects
    )


def _check_openings(effects: tuple[Effect, ...], field: str) -> None:
    """Two openings of one subject would be one subject, and the other work silently lost."""
    opened = [effect.to for effect in effects if isinstance(effect, EmitEvent) and effect.opens]
    if len(opened) != len(set(opened)):
        twice = next(key for key in opened if opened.count(key) > 1)
        raise DecisionError(
            f"{field}.effects", "doubled-subject", f"{twice!r} would be opened twice; give each an id"
        )


def _refusal(lifecycle: Lifecycle, subject: Subject, event: Event, view: View, reason: str) -> Decision:
    """Refused; the timer that fired is used up all the same, and one that repeats goes on ticking."""
    if event.timer is None:
        return _refused(subject, event, reason)
    rules = [rule for name, rule in lifecycle.timeouts.items() if name == event.timer]
    stays = crossings(rules, subject.state, subject.state, moved=False, restart=())
    changes = change_timers(stays, subject.timers, event.timer, view)
    return _refused(subject, event, reason, changes)


def _refused(subject: Subject, event: Event, reason: str, changes: TimerChanges = NO_CHANGES) -> Decision:
    return Decision(
        Outcome.REFUSED,
        event.trigger,
        subject.state,
        subject.state,
        subject.data,
        changes.to_set,
        changes.cancelled,
        (),
        reason,
    )


def apply_decision(subject: Subject, event: Event, decision: Decision, now: datetime) -> Subject:
    """The subject after a decision about it: what the engine stores.

    Args:
        subject: as it was decided upon.
        event: what was decided upon; an opening event brings the parent.
        decision: the answer.
        now: the instant of the decision, UTC.
    """
    opening = subject.opened_at is None and decision.outcome is Outcome.MOVED
    return Subject(
        subject.key,
        subject.lifecycle,
        subject.version,
        decision.dest,
        subject.seq + 1,
        decision.data,
        event.parent if opening else subject.parent,
        now if opening else subject.opened_at,
        subject.changed_at if decision.outcome is Outcome.REFUSED else now,
        _merged(subject.timers, decision),
        _revision(subject, decision),
    )


def _revision(subject: Subject, decision: Decision) -> int | None:
    if subject.revision is None or decision.outcome is Outcome.REFUSED:
        return subject.revision
    return subject.seq + 1


def _merged(timers: Mapping[str, Timer], decision: Decision) -> Mapping[str, Timer]:
    if not decision.timers_set and not decision.timers_cancelled:
        return timers
    merged = dict(timers)
    for name in decision.timers_cancelled:
        merged.pop(name, None)
    for timer in decision.timers_set:
        merged[timer.name] = timer
    return merged
