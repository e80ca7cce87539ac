"""From the ledger of a subject to the story of each of its timers.

The decisions are taken again, so that what is told is what was reckoned: with the data of that moment,
in the version of the definition of that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from state_machines.decision import Outcome
from state_machines.errors import Problem, StateMachineError
from state_machines.subject import Subject, Timer
from state_machines.timeouts.account import account
from state_machines.timeouts.rule import TimeoutRule
from state_machines.timeouts.wording import at_words
from state_machines.values import instants
from state_machines.values.time_errors import TimeError, UnknownZone
from workflow.engine.ledger import Retold, retold
from workflow.engine.registry import Registry
from workflow.errors import InvalidQuery, NotFound
from workflow.explanation.told import Explanation, Status, TimerTold
from workflow.queries.subjects import find_subject
from workflow.store.port import Store

MOST_DECISIONS = 20_000
"""Decisions that are taken again for one explanation."""
_FIRST, _LAST = 40, 20
"""Steps of a timer that are told."""


@dataclass
class _Story:
    """What is known of one timer, while the ledger is walked."""

    rule: TimeoutRule
    last: Timer
    set_by: Retold
    status: Status = "pending"
    steps: list[tuple[Retold, str, Timer | None]] = field(default_factory=list)
    left_out: int = 0

    def add(self, told: Retold, what: str, timer: Timer | None) -> None:
        """A step; of many the first and the last are kept."""
        self.steps.append((told, what, timer))
        if len(self.steps) > _FIRST + _LAST:
            del self.steps[_FIRST]
            self.left_out += 1


def explain(
    store: Store, registry: Registry, key: str, timer: str | None = None, zone: str | None = None
) -> Explanation:
    """How the deadlines of a subject came about.

    Args:
        timer: only this one; None: every timer that it has or ever had.
        zone: IANA name of the zone to tell the times in; None: that of the subject's customer, if known.

    Raises:
        NotFound: the ledger has nothing of that subject, or no timer of that name.
        InvalidQuery: there is no such zone, or the subject has too long a history.
    """
    with store.connect() as connection:
        found = find_subject(connection, key)
    if found is not None and found[1].seq > MOST_DECISIONS:
        message = f"{found[1].seq} decisions were taken about it; {MOST_DECISIONS} are told at most"
        raise InvalidQuery([Problem("subject", "too-long", message)])
    stories: dict[str, _Story] = {}
    subject: Subject | None = None
    for told in retold(store, registry, key):
        subject = told.after
        for name in {**told.before.timers, **told.after.timers}:
            _tell(stories, name, told)
    if subject is None:
        raise NotFound(f"subject: the ledger has nothing of {key!r}")
    if timer is not None and timer not in stories:
        raise NotFound(f"timer: {key} never had a timer {timer!r}; it had: {', '.join(stories) or 'none'}")
    where = _zone(zone, subject.data)
    wanted = [one for name, one in stories.items() if timer in (None, name)]
    wanted.sort(key=lambda one: (one.status in ("fired", "cancelled"), one.last.due_at or one.last.set_at))
    timers = [_told(one, where) for one in wanted]
    zone_name = None if where is None else str(where)
    return Explanation(key, subject.lifecycle, subject.version, subject.state, zone_name, timers)


def _tell(stories: dict[str, _Story], name: str, told: Retold) -> None:
    """What one decision meant for one timer, if anything."""
    before, after = told.before.timers.get(name), told.after.timers.get(name)
    if before == after:
        return
    if after is None:
        fired = told.event.timer == name
        stories[name].status = "fired" if fired else "cancelled"
        stories[name].add(told, "fired" if fired else "cancelled", None)
        return
    story = stories.setdefault(name, _Story(told.lifecycle.timeouts[name], after, told))
    story.add(told, _what(name, before, after, told), after)
    story.rule, story.last, story.set_by = told.lifecycle.timeouts[name], after, told
    story.status = "paused" if after.due_at is None else "pending"


def _what(name: str, before: Timer | None, after: Timer, told: Retold) -> str:
    if before is None:
        return "set"
    if told.event.timer == name:
        return "ticked" if after.set_at == before.set_at else "fired and set anew"
    if (before.due_at is None) != (after.due_at is None) and after.set_at == before.set_at:
        return "paused" if after.due_at is None else "resumed"
    return "set anew"


def _told(story: _Story, where: tzinfo | None) -> TimerTold:
    rule, timer = story.rule, story.last
    clock: tzinfo = where or (rule.calendar.zone if rule.calendar else None) or UTC
    try:
        view = story.set_by.view()
        hours = rule.hours(view)
        clock = where or (hours.zone if hours else None) or UTC
        reckoning = account(rule, timer, view, where)
    except (TimeError, StateMachineError) as error:
        reckoning = [f"It can no longer be reckoned: {error}"]
    states = [one.name for one in story.set_by.lifecycle.definition.states]
    return TimerTold(
        rule.name,
        rule.on_timeout,
        [name for name in states if name in rule.scope],
        [name for name in states if name in rule.paused_in],
        story.status,
        timer.due_at,
        _steps(story, clock),
        reckoning,
    )


def _steps(story: _Story, clock: tzinfo) -> list[str]:
    lines = [_step(*step, clock) for step in story.steps]
    if story.left_out:
        lines.insert(_FIRST, f"({story.left_out} more steps left out here.)")
    return lines


def _step(told: Retold, what: str, timer: Timer | None, clock: tzinfo) -> str:
    decision = told.decision
    crossed = (
        decision.source if decision.outcome is not Outcome.MOVED else f"{decision.source} to {decision.dest}"
    )
    by = f"{decision.trigger}, decision {told.after.seq}, {crossed}"
    due = ""
    if timer is not None and timer.due_at is not None:
        due = f"; due {at_words(timer.due_at, clock)}"
    if decision.outcome is Outcome.REFUSED:
        by += f", refused: {decision.reason}"
    return f"{at_words(told.at, clock)}: {what} ({by}){due}."


def _zone(asked: str | None, data: Mapping[str, Any]) -> tzinfo | None:
    """The zone asked for, else the one that the subject, or its customer, says."""
    if asked is not None:
        try:
            return instants.zone(asked)
        except UnknownZone as error:
            raise InvalidQuery([Problem("zone", error.rule, error.message)]) from None
    customer = data.get("customer")
    said = data.get("zone") or (customer.get("zone") if isinstance(customer, Mapping) else None)
    try:
        return instants.zone(said) if isinstance(said, str) else None
    except UnknownZone:
        return None
