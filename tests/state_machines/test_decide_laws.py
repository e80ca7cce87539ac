"""Laws of `decide`, on random definitions and random lives."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings

from state_machines.decide import apply_decision, decide
from state_machines.decision import Decision, Event, Outcome
from state_machines.definitions.lifecycle import Lifecycle, compile_definition
from state_machines.form.definition import Definition
from state_machines.subject import Subject
from tests.short_run import examples
from tests.state_machines.life import NOON
from tests.state_machines.random_definitions import DATA, STEPS, definitions

Step = tuple[str, str, dict[str, Any], int]
Happening = tuple[Event, datetime]
LAWS = settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclasses.dataclass(frozen=True)
class Decided:
    """One decision with what was before and after it."""

    before: Subject
    event: Event
    now: datetime
    decision: Decision
    after: Subject


def live(lifecycle: Lifecycle, opening: dict[str, Any], steps: list[Step]) -> Iterator[Decided]:
    """A life of one subject: opened, then step by step, time never running backwards."""
    subject, now = Subject("thing:1", "thing", 1), NOON
    for number, step in enumerate([("event", "t0", opening, 0), *steps]):
        found = _happening(lifecycle, subject, step, number, now)
        if found is None:
            continue
        event, now = found
        decision = decide(lifecycle, subject, event, now)
        successor = apply_decision(subject, event, decision, now)
        yield Decided(subject, event, now, decision, successor)
        subject = successor


def _happening(
    lifecycle: Lifecycle, subject: Subject, step: Step, number: int, now: datetime
) -> Happening | None:
    kind, name, data, amount = step
    if kind == "event":
        now += timedelta(minutes=amount)
        return Event(name, f"e{number}", "/tests", now, data), now
    timer, setting = None, -1
    if kind == "due":
        due = [(one.due_at, one.name) for one in subject.timers.values() if one.due_at is not None]
        if due:
            instant, name = min(due)
            now = max(now, instant) + timedelta(minutes=amount)  # a clock may be late
            timer, setting = name, subject.timers[name].setting
    elif name in lifecycle.timeouts:
        held = subject.timers.get(name)
        timer, setting = name, (held.setting if held else subject.seq) - amount
    if timer is None:
        return None
    trigger = lifecycle.timeouts[timer].on_timeout
    return Event(trigger, f"t{number}", "/makegood/timers", now, timer=timer, setting=setting), now


Law = Callable[[Lifecycle, Sequence[Decided]], None]
ALL_LAWS: list[Law] = []


def law(holds: Law) -> Law:
    """What must be true of every life; raises AssertionError where it is not."""
    ALL_LAWS.append(holds)
    return holds


@law
def the_same_arguments_give_the_same_decision_and_are_not_changed(
    lifecycle: Lifecycle, life: Sequence[Decided]
) -> None:
    again = compile_definition(lifecycle.definition)
    for one in life:
        kept = copy.deepcopy((one.before, one.event))
        assert decide(again, one.before, one.event, one.now) == one.decision
        assert decide(lifecycle, one.before, one.event, one.now) == one.decision
        assert (one.before, one.event) == kept


@law
def what_becomes_of_a_subject_does_not_depend_on_whether_effects_are_asked_for(
    lifecycle: Lifecycle, life: Sequence[Decided]
) -> None:
    for one in life:
        alone = decide(lifecycle, one.before, one.event, one.now, asking=False)
        assert alone == one.decision._replace(effects=())


@law
def timers_are_one_of_a_name_in_their_scope_and_paused_where_they_are_to_be(
    lifecycle: Lifecycle, life: Sequence[Decided]
) -> None:
    for one in life:
        set_now = [timer.name for timer in one.decision.timers_set]
        assert len(set_now) == len(set(set_now))
        assert not set(set_now) & set(one.decision.timers_cancelled)
        assert set(one.decision.timers_cancelled) <= set(one.before.timers)
        for name, timer in one.after.timers.items():
            rule = lifecycle.timeouts[name]
            assert timer.name == name
            assert one.after.state in rule.scope
            paused = one.after.state in rule.paused_in
            assert (timer.due_at is None) == paused
            assert [end for _, end in timer.pauses].count(None) == paused
            assert timer.set_at <= one.now
        if one.after.state in lifecycle.final_states:
            assert not one.after.timers


@law
def a_setting_is_the_number_of_the_decision_that_set_it(
    lifecycle: Lifecycle, life: Sequence[Decided]
) -> None:
    for number, one in enumerate(life, start=1):
        assert one.after.seq == number
        assert all(timer.setting == number for timer in one.decision.timers_set)
        untouched = set(one.before.timers) - set(one.decision.timers_cancelled)
        untouched -= {timer.name for timer in one.decision.timers_set}
        assert all(one.after.timers[name] is one.before.timers[name] for name in untouched)


@law
def a_refused_event_changes_nothing_but_the_timer_that_fired(
    lifecycle: Lifecycle, life: Sequence[Decided]
) -> None:
    for one in life:
        decision, before, after = one.decision, one.before, one.after
        assert (decision.reason is not None) == (decision.outcome is Outcome.REFUSED)
        if decision.outcome is not Outcome.REFUSED:
            continue
        assert decision.reason
        assert (after.state, after.data, after.opened_at, after.changed_at, decision.effects) == (
            before.state,
            before.data,
            before.opened_at,
            before.changed_at,
            (),
        )
        stale = decision.reason.startswith("stale-timer")
        touched = {*decision.timers_cancelled, *(timer.name for timer in decision.timers_set)}
        assert touched == (set() if one.event.timer is None or stale else {one.event.timer})
        assert stale == (one.event.timer is not None and _is_stale(one))


def _is_stale(one: Decided) -> bool:
    held = one.before.timers.get(one.event.timer or "")
    return held is None or held.due_at is None or held.setting != one.event.setting


@law
def a_timer_that_fired_is_used_up_or_ticks_on_later(lifecycle: Lifecycle, life: Sequence[Decided]) -> None:
    for one in life:
        if one.event.timer is None or _is_stale(one):
            continue
        left = one.after.timers.get(one.event.timer)
        fired = one.before.timers[one.event.timer]
        assert left is None or left.setting == one.after.seq
        if left is not None and left.set_at == fired.set_at and one.now > fired.set_at:
            assert lifecycle.timeouts[one.event.timer].repeats
            assert left.due_at is None or left.due_at > one.now


@law
def the_ledger_replayed_gives_the_stored_state(lifecycle: Lifecycle, life: Sequence[Decided]) -> None:
    subject = Subject("thing:1", "thing", 1)
    for one in life:
        decision = decide(lifecycle, subject, one.event, one.now)
        assert decision == one.decision
        subject = apply_decision(subject, one.event, decision, one.now)
    assert subject == life[-1].after


@law
def data_and_effects_are_json_and_survive_it(lifecycle: Lifecycle, life: Sequence[Decided]) -> None:
    for one in life:
        for value in (one.after.data, *(effect._asdict() for effect in one.decision.effects)):
            json.dumps(value, allow_nan=False)
        assert json.loads(json.dumps(one.after.data)) == one.after.data


@law
def a_subject_is_always_in_a_state_of_its_lifecycle_and_opened_once(
    lifecycle: Lifecycle, life: Sequence[Decided]
) -> None:
    for one in life:
        assert one.after.state in lifecycle.states
        assert one.after.opened_at == NOON
        assert one.decision.source == one.before.state and one.decision.dest == one.after.state
        if one.decision.outcome is Outcome.STAYED:
            assert one.decision.source == one.decision.dest


@LAWS
@given(definitions(), DATA, STEPS)
def test_every_law_holds_in_every_life(
    definition: Definition, opening: dict[str, Any], steps: list[Step]
) -> None:
    lifecycle = compile_definition(definition)
    life = list(live(lifecycle, opening, steps))
    for holds in ALL_LAWS:
        holds(lifecycle, life)
