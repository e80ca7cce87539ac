"""What may happen to a subject now: each trigger that leads from its state, and whether its guards agree.

A guard that asks what the event says cannot be asked before there is one; all others are. Nothing is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from state_machines.decision import Event
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.transition_rules import Guard, refusal
from state_machines.definitions.ways import Way
from state_machines.errors import DecisionError, ExpressionError
from state_machines.expressions.references import references, tokens
from state_machines.expressions.view import View
from state_machines.form.definition import Definition
from state_machines.subject import INITIAL, NOTHING, Subject


class Verdict(StrEnum):
    """Whether a trigger would be taken now."""

    YES = "yes"
    """It would."""
    NO = "no"
    """It would be refused, whatever its event says."""
    DEPENDS = "depends"
    """That depends on what its event says."""


class Possibility(NamedTuple):
    """A trigger that has a transition from the subject's state.

    Attributes:
        leads_to: the states to which it may lead, in the order in which they are tried.
        reason: why it would be refused.
    """

    trigger: str
    verdict: Verdict
    leads_to: tuple[str, ...]
    reason: str | None = None


def possibilities(lifecycle: Lifecycle, subject: Subject, now: datetime) -> list[Possibility]:
    """Of every trigger with a transition from the subject's state, sorted by name.

    Args:
        lifecycle: the version that the subject lives through.
        now: an instant, UTC.
    """
    known = lifecycle.possible.get(subject.state, ())
    return [_possibility(lifecycle, subject, trigger, now) for trigger in known]


def _possibility(lifecycle: Lifecycle, subject: Subject, trigger: str, now: datetime) -> Possibility:
    data = subject.data
    if subject.state == INITIAL and lifecycle.defaults:
        data = {**lifecycle.defaults, **data}
    view = View(subject, Event(trigger, "", "", now), NOTHING, data, now, lifecycle.names)
    open_ways: list[Way] = []
    failed: list[Guard] = []
    certain = False
    for way in _ways(lifecycle, subject.state, trigger):
        agreed = [_agrees(lifecycle.definition, guard, view) for guard in way.rule.guards]
        if False in agreed:
            failed.append(way.rule.guards[agreed.index(False)])
            continue
        open_ways.append(way)
        if None not in agreed:
            certain = True
            break
    leads_to = tuple(dict.fromkeys(way.dest for way in open_ways))
    if certain:
        return Possibility(trigger, Verdict.YES, leads_to)
    if open_ways:
        return Possibility(trigger, Verdict.DEPENDS, leads_to)
    return Possibility(trigger, Verdict.NO, (), refusal(failed, view))


def _ways(lifecycle: Lifecycle, state: str, trigger: str) -> Sequence[Way]:
    return [way for way in lifecycle.ways if way.source == state and way.trigger == trigger]


def _agrees(definition: Definition, guard: Guard, view: View) -> bool | None:
    """Whether a guard agrees; None where only an event, or nobody, can tell."""
    if asks_event(definition, guard.expression.text):
        return None
    try:
        return guard.agrees(view)
    except (ExpressionError, DecisionError):
        return None


def asks_event(definition: Definition, text: str, seen: Collection[str] = ()) -> bool:
    """Whether an expression asks what the event says, itself or by a name that the definition has given."""
    if any(one.path[0] == "event" for one in references(text)):
        return True
    named = {**definition.let, **{name: one.condition for name, one in definition.guards.items()}}
    used = {word.text for word in tokens(text) if word.kind == "name"} & named.keys() - set(seen)
    return any(asks_event(definition, str(named[name]), {*seen, name}) for name in used)
